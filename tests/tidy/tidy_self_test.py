#!/usr/bin/env python3
"""Does `tidy` find what it has to find, and nothing else? Each case is a small invented tree."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import cpp_text
import markdown_links
import rules
import tidy


def header(path, body=""):
    """A header that breaks no rule, with `body` in it."""
    guard = tidy.guard_of(path)
    return f"// Why?\n#ifndef {guard}\n#define {guard}\n{body}\n#endif  // {guard}\n"


def source(body):
    """A source that breaks no rule, with `body` as its second line."""
    return f"// Why?\n{body}\n"


def findings(texts, extra_paths=()):
    """The findings in a tree, as `path:line: message`."""
    paths = {"."} | set(texts) | set(extra_paths)
    for path in list(paths):
        paths.update(str(parent) for parent in pathlib.PurePosixPath(path).parents)
    return [f"{path}:{line}: {text}" for path, line, text in tidy.check_tree(texts, paths)]


class IncludeDirection(unittest.TestCase):
    """The table LAYERS and its exceptions."""

    def allowed(self, path, *includes):
        """No finding for a file with these includes."""
        body = "\n".join(f"#include {include}" for include in includes)
        self.assertEqual(findings({path: source(body)}), [])

    def refused(self, path, include, part):
        """One finding, on the line of the include, that holds `part`."""
        make = header if path.endswith(".h") else lambda _, body: source(body)
        text = make(path, f"#include {include}")
        found = findings({path: text})
        self.assertEqual(len(found), 1, found)
        line = text.splitlines().index(f"#include {include}") + 1
        self.assertTrue(found[0].startswith(f"{path}:{line}: "), found)
        self.assertIn(part, found[0])

    def test_every_layer_may_include_what_the_design_draws(self):
        self.allowed("transport/base/a.cc", "<vector>", "<stdint.h>", '"transport/base/b.h"')
        self.allowed("transport/http2/a.cc", '"transport/base/b.h"', '"transport/http2/b.h"')
        self.allowed("transport/grpc/a.cc", '"transport/http2/field_section.h"')
        self.allowed("transport/net/a.cc", "<sys/epoll.h>", "<unistd.h>")
        self.allowed("transport/driver/a.cc", '"transport/http2/b.h"', '"transport/net/b.h"')
        self.allowed("server/a.cc", '"transport/driver/b.h"', '"weir/status.h"', '"server/b.h"')
        self.allowed("server/services/a.cc", "<google/protobuf/descriptor.h>", '"grpc/health/a.h"')
        self.allowed("interceptors/a.cc", '"weir/interceptor.h"', '"interceptors/b.h"')
        self.allowed("codegen/a.cc", "<google/protobuf/compiler/code_generator.h>")
        self.allowed("tests/a.cc", "<grpcpp/grpcpp.h>", "<nghttp2/nghttp2.h>", '"tests/b.h"')
        self.allowed("bench/a.cc", "<benchmark/benchmark.h>", '"transport/http2/b.h"')

    def test_no_layer_may_include_what_is_above_it(self):
        self.refused("transport/base/a.cc", '"transport/net/b.h"', "transport/base may not")
        self.refused("server/services/a.cc", '"server/b.h"', "server/services may not")
        self.refused("server/services/a.cc", "<grpc/grpc.h>", "may not use the library grpc")
        self.refused("transport/http2/a.cc", '"transport/grpc/b.h"', "transport/http2 may not")
        self.refused("transport/http2/a.cc", '"transport/net/b.h"', "transport/http2 may not")
        self.refused("transport/grpc/a.cc", '"transport/http2/connection.h"', "may not include")
        self.refused("transport/net/a.cc", '"transport/http2/b.h"', "transport/net may not")
        self.refused("transport/driver/a.cc", '"transport/grpc/b.h"', "transport/driver may not")
        self.refused("transport/driver/a.cc", '"server/b.h"', "transport/driver may not")
        self.refused("transport/grpc/a.cc", '"weir/status.h"', "transport/grpc may not")
        self.refused("server/a.cc", '"interceptors/b.h"', "server may not")
        self.refused("interceptors/a.cc", '"server/b.h"', "interceptors may not")
        self.refused("codegen/a.cc", '"transport/base/b.h"', "codegen may not")
        self.refused("examples/a.cc", '"server/server.h"', "examples may not")

    def test_public_headers_include_public_headers_only(self):
        path = "include/weir/a.h"
        good = header(path, '#include <string>\n#include "weir/status.h"')
        self.assertEqual(findings({path: good}), [])
        bad = header(path, '#include "transport/base/check.h"')
        self.assertEqual(len(findings({path: bad})), 1)

    def test_system_headers_belong_to_net(self):
        self.refused("transport/http2/a.cc", "<sys/socket.h>", "the system's <sys/socket.h>")
        self.refused("transport/grpc/a.cc", "<unistd.h>", "the system's <unistd.h>")
        self.refused("server/a.cc", "<sys/epoll.h>", "the system's <sys/epoll.h>")

    def test_a_library_belongs_to_its_files(self):
        self.refused("transport/http2/hpack_table.cc", "<nghttp2/nghttp2.h>", "the library nghttp2")
        self.allowed("transport/net/tls_context.cc", "<openssl/ssl.h>")
        self.refused("transport/net/socket.cc", "<openssl/ssl.h>", "the library openssl")
        self.allowed("transport/net/resolver_cares.cc", "<ares.h>")
        self.refused("transport/net/address.cc", "<ares.h>", "the library c_ares")
        self.allowed("transport/grpc/compressor_gzip.cc", "<zlib.h>")
        self.refused("transport/grpc/message_reader.cc", "<zlib.h>", "the library zlib")
        self.refused("server/a.cc", "<grpcpp/grpcpp.h>", "the library grpc")
        self.refused("server/a.cc", '"gtest/gtest.h"', "the library googletest")
        self.refused("server/a.cc", "<google/protobuf/compiler/plugin.h>", "the library protoc")

    def test_a_replaceable_library_has_one_user(self):
        files = {
            "transport/grpc/compressor_a.cc": source("#include <zlib.h>"),
            "transport/grpc/compressor_b.cc": source("#include <zlib.h>"),
            "tests/c.cc": source("#include <zlib.h>"),
        }
        self.assertEqual(findings(files), [
            "transport/grpc/compressor_b.cc:2: "
            "transport/grpc/compressor_a.cc alone may use the library zlib"
        ])

    def test_nothing_outside_tests_includes_tests(self):
        self.refused("bench/a.cc", '"tests/support/peer.h"', "nothing outside tests/")
        self.refused("server/a.cc", '"tests/support/peer.h"', "nothing outside tests/")

    def test_includes_are_written_from_the_root(self):
        self.refused("server/a.cc", '"b.h"', "not written from the root")

    def test_a_workspace_of_its_own_includes_from_its_own_root(self):
        self.allowed("tests/external_workspace/main.cc", '"ping.weir.h"', '"weir/weir.h"')

    def test_every_allowed_prefix_is_a_folder_or_a_header(self):
        for layer in rules.LAYERS:
            for prefix in layer.includes:
                self.assertTrue(prefix == "" or prefix.endswith(("/", ".h")), prefix)


class HeaderGuards(unittest.TestCase):
    """Guards are named after the path."""

    def test_the_guard_is_the_path_as_it_is_included(self):
        self.assertEqual(tidy.guard_of("transport/net/loop.h"), "WEIR_TRANSPORT_NET_LOOP_H_")
        self.assertEqual(tidy.guard_of("include/weir/status.h"), "WEIR_STATUS_H_")

    def test_a_right_guard_is_accepted(self):
        self.assertEqual(findings({"server/a.h": header("server/a.h", "#if 1\n#endif")}), [])

    def test_wrong_missing_and_unclosed_guards_are_found(self):
        guard = "WEIR_SERVER_A_H_"
        wrong = {
            header("server/b.h"): "server/a.h:2: the header guard must be " + guard,
            "// Why?\n#pragma once\n": "server/a.h:2: the header guard must be " + guard,
            "// Why?\n": "server/a.h:1: the header guard must be " + guard,
            f"// Why?\n#ifndef {guard}\n#define {guard}\n#endif\n":
                "server/a.h:4: the header must end with #endif  // " + guard,
        }
        for text, finding in wrong.items():
            self.assertEqual(findings({"server/a.h": text}), [finding])


class Text(unittest.TestCase):
    """Head comments, columns, unfinished work."""

    def test_a_source_begins_with_a_comment_or_with_the_header_that_has_it(self):
        for path, text in {
            "server/a.cc": "int x;\n",
            "server/b.cc": '#include "server/a.h"\n',
            "server/c.cc": '\n#include "server/c.h"\n',
            "server/a.h": header("server/a.h").partition("\n")[2],
        }.items():
            self.assertEqual(findings({path: text}), [
                f"{path}:1: the file must begin with a comment: which question it answers"
            ])
        for path, text in {
            "server/a.cc": '#include "server/a.h"\n',
            "server/b.cc": '#include "weir/b.h"\n',
            "tests/server/a_test.cc": '#include "server/a.h"\n',
        }.items():
            self.assertEqual(findings({path: text}), [])

    def test_a_line_has_at_most_a_hundred_columns(self):
        fits = "// " + "é" * 97
        self.assertEqual(findings({"server/a.cc": source(fits)}), [])
        found = findings({"server/a.cc": source(fits + "x")})
        self.assertEqual(found, ["server/a.cc:2: the line has 101 columns, at most 100 fit"])
        self.assertEqual(len(findings({"third_party/a.bzl": fits + "x\n"})), 1)
        self.assertEqual(len(findings({"tool": "#!/bin/sh\n" + fits + "x\n"})), 1)

    def test_addresses_includes_and_prose_may_be_longer(self):
        long = "x" * 120
        self.assertEqual(findings({"server/a.cc": source(f"// https://example.org/{long}")}), [])
        self.assertEqual(findings({"server/a.cc": source(f'#include "server/{long}.h"')}), [])
        self.assertEqual(findings({"README.md": long + "\n"}), [])

    def test_unfinished_work_says_why_it_waits(self):
        good = "// TODO(needs Linux 6.1): use the ring of buffers"
        self.assertEqual(findings({"server/a.cc": source(good)}), [])
        for bad in ("// TODO", "// TODO: use the ring", "// FIXME() use it", "// TODO(x): soon"):
            self.assertEqual(len(findings({"server/a.cc": source(bad)})), 1, bad)


class Bans(unittest.TestCase):
    """The table BANS."""

    def banned(self, path, line):
        """The findings for one line of code in a file that is otherwise right."""
        text = header(path, line) if path.endswith(".h") else source(line)
        return len(findings({path: text}))

    def test_the_product_throws_nothing(self):
        self.assertEqual(self.banned("server/a.cc", "throw 1;"), 1)
        self.assertEqual(self.banned("transport/base/a.h", "throw std::bad_alloc();"), 1)
        self.assertEqual(self.banned("tests/a.cc", "throw 1;"), 0)
        self.assertEqual(self.banned("server/a.cc", "int throwing = rethrow();"), 0)

    def test_threads_meet_only_where_the_table_says(self):
        for word in ("std::mutex m;", "std::atomic<int> a;", "std::atomic_flag f;",
                     "std::shared_mutex m;", "std::condition_variable c;", "thread_local int x;"):
            self.assertEqual(self.banned("server/plain.cc", word), 1, word)
            self.assertEqual(self.banned("include/weir/a.h", word), 1, word)
            self.assertEqual(self.banned("transport/net/task_queue.h", word), 0, word)
            self.assertEqual(self.banned("tests/a.cc", word), 0, word)

    def test_only_the_clock_reads_the_clock(self):
        for call in ("std::chrono::steady_clock::now();", "clock_gettime(CLOCK_REALTIME, &t);"):
            self.assertEqual(self.banned("server/a.cc", call), 1)
            self.assertEqual(self.banned("transport/net/clock.cc", call), 0)
            self.assertEqual(self.banned("bench/a.cc", call), 0)

    def test_nothing_sleeps(self):
        self.assertEqual(self.banned("server/a.cc", "std::this_thread::sleep_for(x);"), 1)
        self.assertEqual(self.banned("server/a.cc", "usleep(1);"), 1)
        self.assertEqual(self.banned("server/a.cc", "bool sleeping = IsAsleep();"), 0)

    def test_headers_open_no_namespace(self):
        self.assertEqual(self.banned("tests/a.h", "using namespace std;"), 1)
        self.assertEqual(self.banned("tests/a.cc", "using namespace std;"), 0)

    def test_comments_and_literals_may_name_what_is_banned(self):
        for line in ("// throw", "/* throw\n throw */", 'Say("throw");', "Say('throw');",
                     'Say(R"x(throw " throw)x");', 'int n = 1\'000; Say("throw");'):
            self.assertEqual(self.banned("server/a.cc", line), 0, line)
        self.assertEqual(self.banned("server/a.cc", 'Say("//"); throw 1;'), 1)
        self.assertEqual(self.banned("server/a.cc", "int n = 1'000'000; throw n;"), 1)
        self.assertEqual(self.banned("server/a.cc", "Say('\"'); throw 1;"), 1)

    def test_blanking_keeps_lines_and_columns(self):
        text = 'int a; // b\n/* c\nd */ int e = "f";\n'
        blanked = cpp_text.code_only(text)
        self.assertEqual([len(x) for x in blanked.split("\n")], [len(x) for x in text.split("\n")])
        self.assertNotRegex(blanked, "[bcdf]")


class MarkdownLinks(unittest.TestCase):
    """Links lead somewhere."""

    def test_links_to_files_folders_and_headings_are_followed(self):
        files = {
            "README.md": "# Weir\n[a](docs/a.md) [b](docs/) [c](docs/a.md#the-first-one)\n"
                         "[d](#weir) ![e](docs/e.svg) [f](/docs/a.md) [g](https://example.org/x)\n",
            "docs/a.md": "## The *first* one\n[up](../README.md)\n\n[r]: ../README.md#weir\n",
        }
        self.assertEqual(findings(files, ["docs/e.svg"]), [])

    def test_links_that_lead_nowhere_are_found(self):
        text = "[a](no.md)\n[b](#none)\n[c](../out.md)\n\n[d]: no/thing.md\n[e](a.md#none)\n"
        found = findings({"docs/x.md": text, "docs/a.md": "# A\n"})
        self.assertEqual([line.split(": ")[0] for line in found],
                         [f"docs/x.md:{line}" for line in (1, 2, 3, 5, 6)])

    def test_code_holds_no_links(self):
        text = "```\n[a](no.md)\n```\n`[b](no.md)` and ``[c](no.md)``\n"
        self.assertEqual(findings({"x.md": text}), [])

    def test_equal_headings_get_numbered_anchors(self):
        self.assertEqual(markdown_links.anchors_of("# A b\n# A b\n# `c_d`, e!\n"),
                         {"a-b", "a-b-1", "c_d-e"})


class Program(unittest.TestCase):
    """The program as it is run."""

    def test_it_reads_a_tree_from_disk_and_reports(self):
        with tempfile.TemporaryDirectory() as name:
            root = pathlib.Path(name)
            self.assertEqual(self.run_main(name), 2, "a folder without WORKSPACE")
            (root / "WORKSPACE").write_text("# Here.\n")
            (root / "server").mkdir()
            (root / "server" / "a.cc").write_text(source("int x;"))
            (root / "data").write_bytes(b"\xff\xfe\x00")
            (root / "bazel-out").mkdir()
            (root / "bazel-out" / "b.cc").write_text("throw 1;\n")
            self.assertEqual(self.run_main(name), 0)
            (root / "server" / "a.cc").write_text(source("throw 1;"))
            self.assertEqual(self.run_main(name), 1)
            self.assertIn("server/a.cc:2: 'throw' is banned", self.output.getvalue())

    def run_main(self, root):
        """The exit code of the program; what it prints is in self.output."""
        self.output = io.StringIO()
        with contextlib.redirect_stdout(self.output), contextlib.redirect_stderr(self.output):
            return tidy.main([root])


if __name__ == "__main__":
    unittest.main()
