import Foundation
import JSON
import Testing

/// Kamailio as the carrier that a trunk of ours registers with, and a phone behind it.
extension IntegrationTests {
    @Suite("Kamailio")
    struct Kamailios {
        /// A gateway with a trunk to Kamailio, and baresip as `carol` behind it.
        static func withCarrier(_ body: (GatewayProcess, Stage, Kamailio, Baresip) async throws -> Void) async throws {
            let stage = try Stage.running
            let kamailio = try await Kamailio(in: stage.environment)
            let gateway = try await GatewayProcess(
                in: stage.environment, name: "kamailio-\(UUID().uuidString.prefix(8))",
                routes: """
                    routes:
                      - {match: "/9(.+)/", from: user, to: "trunk carrier {1}"}
                      - {match: "*", to: user}
                    """,
                more: """
                    trunks:
                      - name: carrier
                        targets: ["sip:\(kamailio.registrar)"]
                        register: true
                        username: tern
                        password: \(Kamailio.password)
                        from_domain: \(Kamailio.domain)
                        numbers: {inbound_dialled: [{match: tern, to: alice}]}
                    """)
            let carol = try await Baresip(
                "carol", password: Kamailio.password, registrar: kamailio.registrar, in: stage.environment, frequency: 700)
            do {
                try await carol.registered()
                let isUp = await eventually(within: .patience) {
                    (try? SmallHTTP.status(port: gateway.httpPort))?.1.contains("\"state\":\"up\"") == true
                }
                #expect(isUp, "the trunk is not up")
                let there = Stage(environment: stage.environment, gateway: gateway, chromium: stage.chromium)
                try await body(gateway, there, kamailio, carol)
            } catch {
                Issue.record("\(error)\n\(gateway.log.suffix(8_000))\n\(kamailio.log.suffix(2_000))")
            }
            await carol.quit()
            let idle = await eventually(within: .patience) { (try? gateway.status().isWithin(.idle)) == true }
            #expect(idle, "left over: \(String(describing: try? gateway.status()))")
            await gateway.end()
            await kamailio.stop()
        }

        @Test("a browser calls a phone behind it, with the trunk's credentials; both hear each other")
        func outbound() async throws {
            try await Kamailios.withCarrier { _, stage, _, carol in
                try await stage.with("alice") { page in
                    try await page.dial("9carol")
                    try await page.wait(for: "in-call")
                    try await carol.established()
                    #expect(try await page.missing(700, in: Page.remote) == nil)
                    #expect(await carol.hears(Chromium.frequency))
                    try await page.click("hangup-button")
                    try await carol.closed()
                    try await page.wait(for: "ready")
                }
            }
        }

        @Test("a phone behind it calls the number that the trunk registered, and a browser answers; the phone hangs up")
        func inbound() async throws {
            try await Kamailios.withCarrier { _, stage, kamailio, carol in
                try await stage.with("alice") { page in
                    carol.dial("sip:tern@\(kamailio.registrar)")
                    try await page.answer()
                    try await page.wait(for: "in-call")
                    try await carol.established()
                    #expect(await carol.hears(Chromium.frequency))
                    #expect(try await page.missing(700, in: Page.remote) == nil)
                    carol.hangUp()
                    try await page.wait(for: "ready")
                }
            }
        }
    }
}
