import Testing

@testable import SIP

/// Eleven minutes of a call in which nobody speaks, second by second, with a clock of the test's own.
@Suite("A hold of eleven minutes")
struct LongHoldTests {
    private let id = SIPLegID(number: 7)
    private let hold = "a=sendonly", held = "a=recvonly"

    /// A leg whose call we have put on hold.
    private func onHold() -> LegMachine {
        var leg = LegMachine(id: id, state: .established(LegState.Descriptions(local: "a=sendrecv", remote: "a=sendrecv"), .idle))
        #expect(leg.handle(.offer(sdp: hold)) == [.reinvite(sdp: hold), .wait(.transaction)])
        #expect(leg.handle(.success(sdp: held)).last == .report(.offerAccepted(id, sdp: held)))
        return leg
    }

    @Test("goes on whatever the session interval, and each refresh says that it is held", arguments: [nil, 90, 600, 1_800])
    func lasts(expires: Int?) {
        var leg = onHold()
        let session = SessionInterval(
            SessionInterval.Remote(isSupported: expires != nil, expires: expires, namesUs: expires == nil ? nil : true),
            preferred: expires ?? 0, least: 90, called: false)
        #expect((session == nil) == (expires == nil))
        var refreshes = 0, refreshed = Duration.zero
        for now in (0...660).map(Duration.seconds) {
            guard let session else { continue }
            #expect(now - refreshed < session.expiryDelay, "the session is over after \(now)")
            guard now - refreshed >= session.refreshDelay else { continue }
            #expect(leg.handle(.refreshDue) == [.reinvite(sdp: hold), .wait(.transaction)])
            #expect(leg.handle(.success(sdp: held)) == [.acknowledge(sdp: nil), .wait(nil)], "the core hears nothing of it")
            refreshes += 1
            refreshed = now
        }
        #expect(leg.state == .established(LegState.Descriptions(local: hold, remote: held), .idle))
        #expect(refreshes == (expires.map { [90: 17, 600: 2, 1_800: 0][$0] ?? -1 } ?? 0))
        #expect(leg.handle(.offer(sdp: "a=sendrecv")) == [.reinvite(sdp: "a=sendrecv"), .wait(.transaction)])
    }
}
