import Janus
@testable import Media
import SIPNames
import Testing

@Suite("Phones without RTP")
struct MissingMediaTests {
    private let signalled: [JanusMediaKind: EngineRemote] = [.audio: EngineRemote(address: "10.0.0.5", port: 4_000, rtcpPort: 4_001, rtcpMux: false)]

    private func missing(_ change: (inout EngineStatistics.Medium) -> Void) -> MissingMedia? {
        var medium = EngineStatistics.Medium()
        change(&medium)
        return EngineLegID(1).flatMap { MissingMedia(EngineStatistics(leg: $0, audio: medium), signalled: signalled) }
    }

    @Test("a phone that has sent a packet is not missing")
    func sends() {
        #expect(missing { $0.received.packets = 1 } == nil)
    }

    @Test("the line names the address of the SDP, and what is likely wrong")
    func silent() throws {
        let silent = try #require(missing { _ in })
        #expect(silent.metadata["address"] == "10.0.0.5:4000" && silent.metadata["kind"] == "audio")
        #expect("\(silent.metadata["reason"] ?? "")".contains("firewall or NAT"))
        let elsewhere = try #require(missing { $0.dropped = 7 })
        #expect(elsewhere.metadata["dropped"] == "7" && "\(elsewhere.metadata["reason"] ?? "")".contains("media.latching"))
        let keys = try #require(missing { ($0.dropped, $0.srtpErrors) = (7, 7) })
        #expect("\(keys.metadata["reason"] ?? "")".contains("SRTP"))
    }
}
