import JSON
import Testing

/// The client library's link, at gateways that a page plays: what it does in moments that real ones make too seldom.
extension IntegrationTests {
    @Suite("The client library's link")
    struct ClientLinks {
        /// Opens a page with stand-ins for gateways, and a link to them.
        ///
        /// - Parameter gateways: By URL `opens`, `answers`: after how many ms it does; `draining`.
        private func withLink(_ gateways: JSONValue, _ body: (Page) async throws -> Void) async throws {
            let stage = try Stage.running, page = try await stage.openPage()
            try await page.run(ClientLinks.script, gateways, .string(stage.gateway.page + "tern/tern-link.js"))
            try await body(page)
            try await page.close()
        }

        @Test("a login at a gateway that drains has its answer while another one is still being looked for; that one is left again, and what has begun meanwhile goes on")
        func slow() async throws {
            try await withLink(["ws://one": ["draining": true], "ws://two": ["opens": 2_500]]) { page in
                let login = try await page.run("return (await link.login({})).gateway")
                #expect(login == "ws://one")
                // The second one has opened too late.
                _ = try await page.run("await until(() => sockets[1].readyState === 3)")
                #expect(try await page.run("return [link.state, sockets[0].readyState]") == ["online", 1])
                #expect(try await page.run("return link.request('call', 'test').then(answer => answer.gateway)") == "ws://one")
                #expect(try await page.run("return sockets.map(socket => socket.sent)") == [["login", "test"], ["login", "logout"]])
            }
        }

        @Test("a login that is no longer wanted when it is answered is logged out again: the user is not reached there")
        func unwanted() async throws {
            try await withLink(["ws://one": ["answers": 200]]) { page in
                let outcome = try await page.run("""
                    const login = link.login({}).then(() => 'in', error => error.name);
                    await until(() => sockets[0]?.sent.includes('login'));
                    link.close();
                    return login;
                    """)
                #expect(outcome == "TernCancelledError")
                _ = try await page.run("await until(() => sockets[0].readyState === 3)")
                #expect(try await page.run("return [link.state, sockets.length, sockets[0].sent]") == ["offline", 1, ["login", "logout"]])
            }
        }

        private static let script = """
            const [gateways, library] = args;
            window.sockets = [];
            window.until = async condition => {
              while (!condition()) await new Promise(resolve => setTimeout(resolve, 10));
            };
            window.WebSocket = class {
              static OPEN = 1;
              readyState = 0;
              sent = [];
              constructor(url) {
                this.url = url;
                sockets.push(this);
                setTimeout(() => {
                  if (this.readyState) return;
                  this.readyState = 1;
                  this.onopen?.({});
                }, gateways[url].opens ?? 0);
              }
              send(text) {
                const { cmd, tid } = JSON.parse(text);
                this.sent.push(cmd);
                const data = { gateway: this.url, draining: gateways[this.url].draining ?? false, resume_token: 'token' };
                setTimeout(() => this.readyState === 1 && this.onmessage?.({ data: JSON.stringify({ result: 'ok', tid, data }) }), gateways[this.url].answers ?? 0);
              }
              close(code = 1000, reason = '') {
                if (this.readyState === 3) return;
                this.readyState = 3;
                setTimeout(() => this.onclose?.({ code, reason }));
              }
            };
            const { TernLink } = await import(library);
            const nothing = () => {};
            window.link = new TernLink({ urls: Object.keys(gateways), timeout: 5000 }, {
              onState: nothing, onEvent: nothing, onRequest: nothing, onResumed: nothing, onProblem: nothing, onRefused: nothing,
            });
            """
    }
}
