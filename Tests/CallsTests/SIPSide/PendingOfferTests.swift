@testable import Calls
import Testing

@Suite("An offer that met one of the phone's")
struct PendingOfferTests {
    private final class Leg {}
    private let one = Leg(), other = Leg()
    private var leg: ObjectIdentifier { ObjectIdentifier(one) }

    private func wait(_ ownsCallID: Bool, _ generator: inout some RandomNumberGenerator) -> Duration? {
        var offer = PendingOffer()
        _ = offer.begin("v=0", by: leg)
        return offer.wait(after: 491, ownsCallID: ownsCallID, using: &generator)
    }

    @Test(
        "waits 2.1 to 4 seconds where the Call-ID is ours and up to 2 where it is the phone's, in steps of 10 ms",
        arguments: [(true, 2_100, 4_000), (false, 0, 2_000)])
    func range(ownsCallID: Bool, least: Int, most: Int) throws {
        var system = SystemRandomNumberGenerator()
        var seen: Set<Duration> = []
        for _ in 0..<20_000 { seen.insert(try #require(wait(ownsCallID, &system))) }
        let steps = Set(stride(from: least, through: most, by: 10).map { Duration.milliseconds($0) })
        #expect(seen == steps)
    }

    @Test("is made again three times, and then no more")
    func tries() {
        var generator = SystemRandomNumberGenerator()
        var offer = PendingOffer()
        _ = offer.begin("one", by: leg)
        let waits = (1...4).map { _ in offer.wait(after: 491, ownsCallID: true, using: &generator) != nil }
        #expect(waits == [true, true, true, false])
        #expect(offer.sdp == nil)
        _ = offer.begin("two", by: leg)
        let again = offer.wait(after: 491, ownsCallID: true, using: &generator)
        #expect(again != nil, "another offer has its own tries")
        #expect(offer.sdp == "two")
    }

    @Test("is over after any other refusal, and after its answer", arguments: [400, 408, 488, 500, 603])
    func over(status: Int) {
        var generator = SystemRandomNumberGenerator()
        var offer = PendingOffer()
        _ = offer.begin("one", by: leg)
        let refused = offer.wait(after: status, ownsCallID: false, using: &generator)
        #expect(refused == nil)
        #expect(offer.sdp == nil)
        _ = offer.begin("two", by: leg)
        let wasThere = offer.end(), isThere = offer.end()
        #expect(wasThere && !isThere)
        let answered = offer.wait(after: 491, ownsCallID: false, using: &generator)
        #expect(answered == nil)
    }

    @Test("while one leg holds the dialog, the other's offer waits, and goes out when the dialog is released")
    func held() {
        var offer = PendingOffer()
        offer.hold(for: leg)
        let isFirst = offer.begin("move", by: leg), isSecond = offer.begin("former", by: ObjectIdentifier(other))
        #expect(isFirst && !isSecond && offer.sdp == "move", "the first is not overwritten")
        let wasAnswered = offer.end(), released = offer.release()
        #expect(wasAnswered && released == "former" && offer.sdp == "former")
        let isAnswered = offer.end(), nothing = offer.release()
        #expect(isAnswered && nothing == nil)
    }

    @Test("an offer of a leg that the phone has left for good is forgotten")
    func left() {
        var offer = PendingOffer()
        offer.hold(for: leg)
        let waits = !offer.begin("former", by: ObjectIdentifier(other))
        offer.forgetWaiting()
        let released = offer.release()
        #expect(waits && released == nil)
        let isFree = offer.begin("next", by: ObjectIdentifier(other))
        #expect(isFree)
    }
}
