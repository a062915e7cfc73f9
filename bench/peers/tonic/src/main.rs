//! The greeter of tonic, to compare with: its server as it is, on one thread.

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::signal::unix::{signal, SignalKind};
use tonic::transport::server::TcpIncoming;
use tonic::{transport::Server, Request, Response, Status};

pub mod helloworld {
    tonic::include_proto!("helloworld");
}

use helloworld::greeter_server::{Greeter, GreeterServer};
use helloworld::{HelloReply, HelloRequest};

struct Hello;

#[tonic::async_trait]
impl Greeter for Hello {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let message = format!("Hello {}", request.into_inner().name);
        Ok(Response::new(HelloReply { message }))
    }
}

/// Of `--port=N`; 0, the default, takes a free one.
fn port() -> u16 {
    let text = std::env::args().find_map(|a| a.strip_prefix("--port=").map(String::from));
    match text.unwrap_or_else(|| "0".into()).parse() {
        Ok(port) => port,
        Err(_) => {
            eprintln!("tonic_greeter: flag --port takes an integer from 0 to 65535");
            std::process::exit(2);
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port()))).await?;
    println!("listening on {}", listener.local_addr()?);
    let mut stop = signal(SignalKind::terminate())?;
    // The builder's own tcp_nodelay() is for sockets that it opens itself.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .add_service(GreeterServer::new(Hello))
        .serve_with_incoming_shutdown(incoming, async {
            stop.recv().await;
        })
        .await?;
    Ok(())
}
