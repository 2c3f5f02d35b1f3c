import Foundation
import JSON
import Testing

/// Connections that are too many, or too slow, by HTTP and by SIP.
extension IntegrationTests {
    @Suite("Connections")
    struct Connections {
        @Test("of connections without a login one address has its share, and the one that was idle longest goes; who is logged in stays")
        func strangers() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "connections", httpAddress: stage.environment.address)
            let client = try await APIClient.user("alice", at: gateway)
            let old = try Socket(connectedTo: gateway.httpAddress, port: gateway.httpPort)
            var others: [Socket] = []
            defer { for socket in others + [old] { socket.close() } }
            // So that the first one is the one that has been idle longest.
            old.write(Array("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            #expect(old.text(until: "\nok\n")?.hasPrefix("HTTP/1.1 200") == true)
            for _ in 0..<70 { others.append(try Socket(connectedTo: gateway.httpAddress, port: gateway.httpPort)) }
            #expect(await eventually(within: .patience) { gateway.log.contains("a connection without a login is cut") })
            #expect(old.read(within: .patience) == [], "the oldest connection stays")
            let last = try #require(others.last)
            last.write(Array("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            #expect(last.text(until: "\nok\n")?.hasPrefix("HTTP/1.1 200") == true)
            #expect(try await client.request("core", "ping")["pong"]?.boolValue == true)
            await client.leave()
            await gateway.stop()
        }

        @Test("a sender of one byte a second loses its connection, by HTTP within 10 s and by SIP within 40; a phone that sends keepalives stays")
        func slow() async throws {
            let stage = try Stage.running
            let gateway = stage.gateway
            let http = try Socket(connectedTo: gateway.httpAddress, port: gateway.httpPort)
            let sip = try Socket(connectedTo: gateway.address, port: gateway.sipPort), phone = try Socket(connectedTo: gateway.address, port: gateway.sipPort)
            defer { for socket in [http, sip, phone] { socket.close() } }
            phone.write(Array(Connections.options(to: gateway, "slow-1").utf8))
            #expect(phone.read(within: .patience).map { String(decoding: $0, as: UTF8.self) }?.hasPrefix("SIP/2.0 200") == true)
            let request = Array((Connections.options(to: gateway, "slow-2") + String(repeating: "x", count: 200)).utf8)
            let start = ContinuousClock.now
            var ends: (http: Duration?, sip: Duration?)
            for second in 0..<60 where ends.http == nil || ends.sip == nil {
                if ends.http == nil { http.write(Array(("GET /healthz HTTP/1.1\r\nX-Slow: " + String(repeating: "x", count: 60)).utf8)[second..<second + 1].map { $0 }) }
                if ends.sip == nil { sip.write([request[second]]) }
                if second % 10 == 0 { phone.write(Array("\r\n\r\n".utf8)) }
                if ends.http == nil, http.read(within: .milliseconds(500)) == [] { ends.http = start.duration(to: .now) }
                if ends.sip == nil, sip.read(within: .milliseconds(500)) == [] { ends.sip = start.duration(to: .now) }
            }
            #expect((ends.http ?? .seconds(99)) < .seconds(15), "\(String(describing: ends.http))")
            #expect((ends.sip ?? .seconds(99)) < .seconds(45), "\(String(describing: ends.sip))")
            // What is left in it are the answers to its keepalives.
            while let bytes = phone.read(within: .zero), !bytes.isEmpty {}
            phone.write(Array(Connections.options(to: gateway, "slow-3").utf8))
            #expect(phone.read(within: .patience).map { String(decoding: $0, as: UTF8.self) }?.contains("SIP/2.0 200") == true)
        }

        private static func options(to gateway: GatewayProcess, _ id: String) -> String {
            "OPTIONS sip:\(gateway.address) SIP/2.0\r\nVia: SIP/2.0/TCP 10.99.0.1;rport;branch=z9hG4bK\(id)\r\nMax-Forwards: 70\r\nFrom: <sip:slow@10.99.0.1>;tag=1\r\n"
                + "To: <sip:\(gateway.address)>\r\nCall-ID: \(id)\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        }
    }
}
