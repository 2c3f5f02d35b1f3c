import EventLoop
import Foundation
import TestCertificates
import Testing

/// TLS on both sides, as `make run TLS=1` has it.
extension IntegrationTests {
    @Suite("TLS")
    struct TLS {
        /// What `make run TLS=1` starts, in a directory of its own, on an address that is not loopback.
        private final class Gateway: Sendable {
            let address: String
            let httpPort: Int
            let certificates: URL
            let process: TestProcess

            init(in environment: TestEnvironment) async throws {
                address = environment.address
                httpPort = try FreePort.tcp(address)
                let directory = environment.directory.appendingPathComponent("tls")
                certificates = directory.appendingPathComponent("certificates")
                try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
                let file = directory.appendingPathComponent("tern.yaml")
                try """
                    sip:
                      listen: udp:\(address):\(try FreePort.both(address))
                    http:
                      listen: \(address):\(httpPort)
                    media: {address: \(address), rtp_ports: 21000-21999}
                    janus: {directory: "\(directory.path)/janus"}
                    recordings: {directory: "\(directory.path)/recordings"}
                    registrar: {database: ":memory:"}
                    records: {database: memory}
                    users:
                      - {name: alice, password: \(GatewayProcess.password)}
                      - {name: bob, password: \(GatewayProcess.password)}
                    """.write(to: file, atomically: true, encoding: .utf8)
                process = try await TestProcess(
                    "/usr/bin/env",
                    [
                        "TERN_TLS_DIRECTORY=\(certificates.path)", environment.root.appendingPathComponent("config/run-with-tls").path,
                        environment.tern, file.path,
                    ])
            }

            /// Its own certificate, which nobody else has signed.
            var certificate: String { certificates.appendingPathComponent("tern.pem").path }
        }

        private func with(_ body: (Gateway, Stage) async throws -> Void) async throws {
            let stage = try Stage.running
            let gateway = try await Gateway(in: stage.environment)
            do {
                _ = try await gateway.process.line(with: "Ctrl-C", within: .patience)
                try await body(gateway, stage)
            } catch {
                await gateway.process.stop()
                throw HarnessError("\(error)\n\(gateway.process.output.suffix(8_000))")
            }
            #expect(await gateway.process.stop(within: .seconds(10)) == .exited(0))
        }

        @Test("it says how to accept its certificate; a page from another address logs in over WSS, has a microphone, and hears itself")
        func page() async throws {
            try await with { gateway, stage in
                #expect(gateway.process.output.contains("Accept the Risk and Continue"))
                #expect(gateway.process.output.contains("https://\(gateway.address):\(gateway.httpPort)/"))
                let chromium = try await Chromium(in: stage.environment, name: "chromium-tls", more: ["--ignore-certificate-errors"])
                do {
                    // Somebody types the address without the scheme.
                    let page = try await chromium.open("http://\(gateway.address):\(gateway.httpPort)/?audio=raw")
                    let place = try await page.run("return location.protocol + ' ' + window.isSecureContext").stringValue
                    #expect(place == "https: true")
                    try await page.type("alice", into: "login-user")
                    try await page.type(GatewayProcess.password, into: "login-password")
                    try await page.click("login-button")
                    try await page.wait(for: "ready")
                    try await page.click("echo-button")
                    try await page.wait(for: "echo")
                    #expect(try await page.missing(Chromium.frequency, in: Page.remote) == nil)
                    try await page.click("hangup-button")
                    try await page.wait(for: "ready")
                } catch {
                    await chromium.quit()
                    throw error
                }
                await chromium.quit()
            }
        }

        @Test("a phone hears itself over SIP with TLS, registers, and is called back over its connection")
        func phone() async throws {
            try await with { gateway, _ in
                let caller = try TLSPhone(at: gateway.address, port: 5_061, authority: gateway.certificate)
                try await caller.call()
                #expect(await caller.audio.hears(620))
                try await caller.hangUp()
                caller.stop()

                let bob = try TLSPhone(at: gateway.address, port: 5_061, authority: gateway.certificate)
                #expect(try await bob.register("bob", password: GatewayProcess.password) == 200)
                let alice = try TLSPhone(at: gateway.address, port: 5_061, authority: gateway.certificate, dialling: "bob")
                async let called = bob.answer()
                try await alice.call()
                let invite = try await called
                #expect(invite["via"]?.hasPrefix("SIP/2.0/TLS ") == true)
                #expect(invite["contact"]?.contains(";transport=tls>") == true)
                #expect(await alice.audio.hears(620))
                #expect(await bob.audio.hears(620))
                try await bob.hangUp()
                alice.stop()
                bob.stop()
            }
        }

        @Test("a certificate that was replaced is shown after SIGHUP, by HTTPS and by SIP; a broken one is not; a call goes on")
        func reload() async throws {
            try await with { gateway, _ in
                let phone = try TLSPhone(at: gateway.address, port: 5_061, authority: gateway.certificate)
                try await phone.call()
                let authority = try TestAuthority()
                let pair = try authority.issue("renewed", names: "IP:\(gateway.address)")
                let key = gateway.certificates.appendingPathComponent("tern.key").path
                #expect(rename(pair.certificate, gateway.certificate) == 0)
                await gateway.process.send(signal: SIGHUP)
                for _ in 0..<2 { _ = try await gateway.process.line(with: "does not belong to the certificate", within: .patience) }
                #expect(rename(pair.key, key) == 0)
                await gateway.process.send(signal: SIGHUP)
                for _ in 0..<2 { _ = try await gateway.process.line(with: "certificate read again", within: .patience) }
                let other = try TLSPhone(at: gateway.address, port: 5_061, authority: authority.certificate)
                try await other.call()
                try await other.hangUp()
                other.stop()
                let page = try TLSTunnel(
                    port: gateway.httpPort, address: gateway.address, authority: authority.certificate, name: gateway.address)
                let answer = await Task.detached { () -> String in
                    let request = Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
                    var bytes = [UInt8](repeating: 0, count: 64)
                    guard write(page.descriptor, request, request.count) == request.count else { return "" }
                    let count = read(page.descriptor, &bytes, bytes.count)
                    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
                }.value
                #expect(answer.hasPrefix("HTTP/1.1 200 "))
                page.close()
                #expect(await phone.audio.hears(620))
                try await phone.hangUp()
                phone.stop()
            }
        }
    }
}
