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

    func note(_ invite: SIPIncomingInvite) {
        addresses.sip = SocketAddress(invite.source)?.address
        addresses.contact = invite.contactHost
        addresses.via = invite.viaHost
        testID = invite.testID.flatMap { LineTestID($0) }
    }

    /// The call has been answered.
    func noteAnswer() { answered = .now }

    func note(_ digit: SIPDigit) {
        let time = answered.duration(to: .now) / .milliseconds(1)
        digits.add(DigitLog.Entry(
            digit: digit.character, method: .info, time: Int(time), duration: digit.duration ?? SIPDigit.usualDuration))
    }
}
