import JSON
import Testing

/// A page of another origin, as docs/web-client.md has it: it imports the library from the gateway, and calls.
extension IntegrationTests {
    @Suite("A page on another origin")
    struct ForeignPages {
        @Test("imports the library, as modules and as one file, logs in and talks, once http.allowed_origins has it")
        func calls() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "foreign")
            let server = try await ForeignServer.start()
            let origin = "http://127.0.0.1:\(await server.port)"
            let page = try await stage.chromium.open(origin + "/")
            let refused = try await page.run("return await import(args[0]).then(() => 'imported', error => error.name)", .string(gateway.page + "tern.js"))
            #expect(refused == "TypeError")

            try gateway.rewrite { $0.replacing("http:\n", with: "http:\n  allowed_origins: [\(origin)]\n") }
            await gateway.hangUp()
            #expect(await eventually(within: .patience) { gateway.log.contains("http.allowed_origins") })
            for file in ["tern.js", "tern.bundle.js"] {
                // A module that could not be imported stays so: the address differs.
                let said = try await page.run(
                    ForeignPages.example, .string("\(gateway.page)\(file)?2"), .string("ws://\(gateway.httpAddress):\(gateway.httpPort)/api"),
                    .string(GatewayProcess.password))
                #expect(said["codec"] == "opus" && said["ended"] == "You hung up", "\(file): \(said.text)")
                #expect(said["absent"] == 480 && said["name"] == "TernServerError", "\(file): \(said.text)")
            }
            try await page.close()
            await server.stop()
            await gateway.end()
        }

        /// The example of docs/web-client.md, with what it shows in place of what it prints; then a call to a user who is away.
        private static let example = """
            const { TernClient, TernError } = await import(args[0]);
            const client = new TernClient({ url: args[1] });
            await client.login('alice', args[2]);
            const said = {};
            const call = await client.call('echo');
            await new Promise((resolve, reject) => {
              call.on('connected', async () => { said.codec = (await call.stats()).codec; resolve(); });
              call.on('ended', end => reject(new Error(end.text)));
            });
            call.on('ended', end => { said.ended = end.text; });
            await call.hangup();
            try {
              await client.call('bob');
            } catch (error) {
              Object.assign(said, { absent: error.sipStatus, name: error instanceof TernError && error.name });
            }
            await client.logout();
            return said;
            """
    }
}
