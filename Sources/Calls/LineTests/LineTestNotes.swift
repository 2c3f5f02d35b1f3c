internal import EventLoop
internal import Foundation
internal import LineTest
internal import RTP
internal import SIP
internal import SIPNames

/// What the signalling of a call tells of it, should it be a line test.
@LoopActor
final class LineTestNotes {
    /// Milliseconds since 1970.
    let began = Int(Date().timeIntervalSince1970 * 1_000)
    private(set) var addresses = LineTestResult.Addresses()
    private(set) var testID: LineTestID?
    /// Digits that came by INFO.
    private(set) var digits = DigitLog()
    /// When the digits' times begin: at the answer, as those of the media engine do.
    private var answered = ContinuousClock.now
    /// The digit that acts now, and the one that does next: the last that came meanwhile.
    private var isActing = false
    private var next: Character?
    private var last: (digit: Character, time: ContinuousClock.Instant)?

    /// A digit again within this time is the same press, told by another method.
    private static let press = Duration.milliseconds(600)

    /// Has a digit of the caller's act once those before have; of several that wait the last one does.
    func take(_ digit: Character, _ act: @escaping @LoopActor (Character) async -> Void) {
        if let last, last.digit == digit, last.time.duration(to: .now) < LineTestNotes.press { return }
        last = (digit, .now)
        next = digit
        guard !isActing else { return }
        isActing = true
        LoopActor.task { [self] in
            while let digit = next {
                next = nil
                await act(digit)
            }
            isActing = false
        }
    }

    func note(_ invite: SIPIncomingInvite) {
        addresses.sip = SocketAddress(invite.source)?.address
        addresses.contact = invite.contactHost
        addresses.via = invite.viaHost
        testID = invite.testID.flatMap { LineTestID($0) }
    }

    /// The times of the set-up that SIP tells; those of a browser's are known otherwise.
    private(set) var setUp: SIPSetUpTimes?
    /// Offers within the dialog that came to nothing: the first, and how many.
    private(set) var failedOffer: LineTestResult.FailedOffer?

    /// What the caller's browser has said last of its end.
    var browser: BrowserFigures?

    /// The ACK came.
    func note(_ times: SIPSetUpTimes?) { setUp = setUp ?? times }

    /// A re-INVITE or UPDATE came to nothing.
    ///
    /// - Parameter isOurs: Whether it was sent by this gateway.
    func noteFailedOffer(isOurs: Bool, _ reason: String) {
        failedOffer = LineTestResult.FailedOffer(
            isOurs: failedOffer?.isOurs ?? isOurs, reason: failedOffer?.reason ?? reason, count: (failedOffer?.count ?? 0) &+ 1)
    }

    /// The call has been answered.
    func noteAnswer() { answered = .now }

    func note(_ digit: SIPDigit) {
        let time = answered.duration(to: .now) / .milliseconds(1)
        digits.add(DigitLog.Entry(
            digit: digit.character, method: .info, time: Int(time), duration: digit.duration ?? SIPDigit.usualDuration))
    }
}
