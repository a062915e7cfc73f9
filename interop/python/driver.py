"""A driver of gRPC's interoperability suite on gRPC Python: runs the cases against a server and
prints a table. Exits with 0 when all of them pass. interop/run gives it an interpreter with grpcio,
and the modules made of interop/protos."""

import argparse
import importlib
import pathlib
import sys
import time
import traceback


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stubs", required=True, help="folder with the generated modules")
    parser.add_argument("--style", choices=("sync", "asyncio"), required=True)
    parser.add_argument("--server_port", type=int, required=True)
    parser.add_argument("--ca_file", help="PEM file with what vouches for the server; uses TLS")
    parser.add_argument("--test_case", default="all", help="the case to run, or all")
    return parser.parse_args()


def channel_maker(module, arguments):
    import grpc  # pylint: disable=import-outside-toplevel

    credentials = None
    if arguments.ca_file:
        roots = pathlib.Path(arguments.ca_file).read_bytes()
        credentials = grpc.ssl_channel_credentials(roots)
    # Each channel has its own connection, which channel_soak counts on.
    options = (("grpc.use_local_subchannel_pool", 1),)
    address = f"localhost:{arguments.server_port}"
    return lambda: module.new_channel(address, credentials, options)


def run_case(module, name, make_channel):
    """Runs a case and prints its line of the table."""
    start = time.monotonic()
    complaint = ""
    try:
        module.run(module.cases[name], make_channel)
    except module.suite.Failed as error:
        complaint = str(error)
    except Exception:  # pylint: disable=broad-exception-caught
        complaint = traceback.format_exc()
    elapsed = int((time.monotonic() - start) * 1000)
    print(f"{name:<28} {'FAILED' if complaint else 'passed'} {elapsed:6} ms")
    for line in complaint.splitlines():
        print(f"  {line}")
    sys.stdout.flush()
    return not complaint


def main():
    arguments = parse_arguments()
    sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), arguments.stubs]
    module = importlib.import_module(f"{arguments.style}_cases")
    make_channel = channel_maker(module, arguments)
    names = [name for name in module.cases if arguments.test_case in ("all", name)]
    passed = sum(run_case(module, name, make_channel) for name in names)
    print(f"{passed} of {len(names)} cases passed")
    return 0 if passed == len(names) else 1


if __name__ == "__main__":
    sys.exit(main())
