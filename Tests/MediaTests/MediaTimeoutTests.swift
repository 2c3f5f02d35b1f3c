@testable import Media
@testable import ProxyCore
import SDP
import Testing

@Suite("The media timeout")
struct MediaTimeoutTests {
    /// What is seen of a phone at one time: seconds from the beginning, the packets so far, whether media is expected.
    typealias Sight = (seconds: Int, packets: Int?, isExpected: Bool)

    private static func silentAt(_ sights: [Sight]) -> Int? {
        let begin = ContinuousClock.now
        var timeout = MediaTimeout(limit: .seconds(60))
        for sight in sights
        where timeout.observe(isExpected: sight.isExpected, packets: sight.packets, at: begin + .seconds(sight.seconds)) {
            return sight.seconds
        }
        return nil
    }

    @Test("a phone that ceases to send is silent a minute after its last packet was counted")
    func ceases() {
        #expect(Self.silentAt([(0, 0, true), (10, 500, true), (20, 510, true), (70, 510, true), (79, 510, true), (80, 510, true)]) == 80)
    }

    @Test("a phone that never sends is silent a minute after it was expected to")
    func never() {
        #expect(Self.silentAt([(0, nil, false), (50, nil, false), (100, 0, true), (109, 0, true), (110, 0, true)]) == 110)
    }

    @Test("one packet begins the time anew")
    func onePacket() {
        #expect(Self.silentAt([(0, 9, true), (59, 9, true), (61, 10, true), (120, 10, true), (121, 10, true)]) == 121)
    }

    @Test("while nothing is expected no time counts, and afterwards it begins anew")
    func hold() {
        #expect(Self.silentAt([(0, 9, true), (50, 9, true), (55, nil, false), (900, nil, false), (950, 9, true), (959, 9, true)]) == nil)
        #expect(Self.silentAt([(0, 9, true), (50, 9, true), (55, nil, false), (900, nil, false), (960, 9, true)]) == 960)
    }

    @Test("what could not be counted decides nothing, and stops no time")
    func unknown() {
        #expect(Self.silentAt([(0, 9, true), (30, nil, true), (60, nil, true), (500, nil, true)]) == nil)
        #expect(Self.silentAt([(0, 9, true), (30, nil, true), (60, nil, true), (65, 9, true)]) == 65)
        #expect(Self.silentAt([(0, nil, true), (59, 0, true), (60, 0, true)]) == 60)
    }

    private static func medium(_ kind: MediaKind, _ direction: Direction) -> AgreedMedium {
        let type = kind == .audio ? "audio 4000 RTP/AVP 0" : "video 4000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000"
        let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=\(type)\r\n"
        guard let medium = (try? SessionDescription(parsing: text)).flatMap({ AgreedMedium($0.media[0], direction: direction) }) else {
            preconditionFailure("the test's own description")
        }
        return medium
    }

    @Test("media is expected of a phone that agreed to send it, while nobody holds and Janus relays it", arguments: [
        ([(.audio, .sendrecv)], true, true, [], true), ([(.audio, .recvonly)], true, true, [], true),
        ([(.audio, .sendonly)], true, true, [], false), ([(.audio, .inactive)], true, true, [], false),
        ([(.audio, .sendrecv)], false, true, [], false), ([(.audio, .sendrecv)], true, false, [], true),
        ([(.audio, .sendrecv)], true, true, [.caller], false), ([(.audio, .sendrecv)], true, true, [.callee], false),
        ([(.video, .sendrecv), (.audio, .sendonly)], true, true, [], false), ([(.audio, .sendrecv), (.video, .sendonly)], true, true, [], true),
        ([(.video, .sendrecv)], false, true, [], true), ([(.video, .sendrecv)], true, false, [], false), ([], true, true, [], false),
    ] as [([(MediaKind, Direction)], Bool, Bool, Set<SessionSide>, Bool)])
    func expectation(media: [(MediaKind, Direction)], audio: Bool, video: Bool, holders: Set<SessionSide>, isExpected: Bool) {
        var options = SessionOptions()
        (options.useAudio, options.useVideo) = (audio, video)
        #expect(MediaTimeout.expectsMedia(media.map(Self.medium), options: options, holders: holders) == isExpected)
    }

    @Test("its end says which side, and for how long")
    func end() {
        #expect(SessionEnd.silent(.callee, for: .seconds(60)) == SessionEnd(code: 408, reason: "No RTP from the callee for 60 seconds"))
    }
}
