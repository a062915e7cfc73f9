// The greeter of grpc-go, to compare with: its server as it is, with its defaults.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding/gzip"
	pb "google.golang.org/grpc/examples/helloworld/helloworld"
)

type greeter struct {
	pb.UnimplementedGreeterServer
	compress bool
}

func (g greeter) SayHello(ctx context.Context, request *pb.HelloRequest) (*pb.HelloReply, error) {
	if g.compress {
		if err := grpc.SetSendCompressor(ctx, gzip.Name); err != nil {
			return nil, err
		}
	}
	return &pb.HelloReply{Message: "Hello " + request.GetName()}, nil
}

func main() {
	port := flag.Int("port", 50051, "port to listen on; 0 takes a free one")
	certFile := flag.String("tls_cert_file", "", "PEM file with the certificate; serves TLS")
	keyFile := flag.String("tls_key_file", "", "PEM file with its private key")
	compress := flag.Bool("gzip", false, "compress answers; the client must accept it")
	flag.Parse()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatalf("grpc_go_greeter: %v", err)
	}
	var options []grpc.ServerOption
	if *certFile != "" {
		identity, err := credentials.NewServerTLSFromFile(*certFile, *keyFile)
		if err != nil {
			log.Fatalf("grpc_go_greeter: %v", err)
		}
		options = append(options, grpc.Creds(identity))
	}
	server := grpc.NewServer(options...)
	pb.RegisterGreeterServer(server, greeter{compress: *compress})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		server.GracefulStop()
	}()
	fmt.Printf("listening on %s\n", listener.Addr())
	if err := server.Serve(listener); err != nil {
		log.Fatalf("grpc_go_greeter: %v", err)
	}
}
