internal import BrowserAPI
internal import EventLoop
internal import JSON
internal import ProxyCore
internal import SIP

/// DTMF digits of a call, and keyframe requests of phones.
extension Switchboard {
    /// How long a client may take to say that it sends digits.
    private static let insertTimeout = Duration.seconds(5)

    // MARK: From a phone

    func receive(_ info: SIPInfo, from side: SessionSide, in call: CallController) {
        guard call.isEstablished else { return }
        guard case .digit(let digit, let form) = info else { return call.session.requestKeyframe(of: call.session.kind.source(of: side)) }
        tell([digit], by: side, in: call)
        call.lineTest.note(digit)
        lineTests.press(digit.character, in: call)
        guard let phone = call.party(side.other) as? any SIPOfferingLeg, let infos = phone.infos else { return }
        guard infos.areTaken else {
            log.info("a DTMF digit is lost: the other phone takes no INFO", metadata: ["call": "\(call.id)"])
            return
        }
        infos.press([digit], form: form)
    }

    // MARK: In the media

    /// A digit as RTP has gone to the other side already, where that takes such; to a phone that does not it goes as INFO.
    func receive(_ digit: Character, for duration: Duration, from side: SessionSide, in call: CallController) {
        guard call.isEstablished else { return }
        let press = SIPDigit(digit, duration: Int(duration / .milliseconds(1)))
        tell([press], by: side, in: call)
        lineTests.press(digit, in: call)
        guard let phone = call.party(side.other) as? any SIPOfferingLeg, !call.session.takesTelephoneEvents(side.other) else { return }
        guard let infos = phone.infos, infos.areTaken else {
            log.info("a DTMF digit is lost: the phone takes neither RTP nor INFO for it", metadata: ["call": "\(call.id)"])
            return
        }
        infos.press([press])
    }

    // MARK: By command

    /// Sends digits of `side` to the other one, by the one way that it has agreed on.
    func press(_ digits: [SIPDigit], by side: SessionSide, in call: CallController, _ reply: BrowserReply) {
        guard let phone = call.party(side.other) as? any SIPOfferingLeg else {
            tell(digits, by: call.party(side.other) == nil ? side.other : side, in: call)
            reply.ok([:])
            for digit in digits { lineTests.press(digit.character, in: call) }
            return
        }
        guard call.session.takesTelephoneEvents(side.other), let browser = call.party(side) as? any BrowserLeg else {
            return inform(phone, digits, by: side, in: call, reply)
        }
        // RTP of this side is the browser's own: so is RFC 4733.
        let duration = digits.first?.duration ?? SIPDigit.usualDuration
        let data: JSONValue = [
            "call_id": .string(browser.call), "digits": .string(String(digits.map(\.character))), "duration": .integer(duration),
            "gap": .integer(DigitQueue.gap),
        ]
        browser.client.request(class: "media", cmd: "insert_dtmf", data: data, timeout: Switchboard.insertTimeout) { [weak self] result in
            switch result {
            case .success: reply.ok([:])
            // Whether it has sent any is not known: another way could double them.
            case .failure(let error) where [.timedOut, .clientGone].contains(error.known): reply.fail(error)
            case .failure: self?.inform(phone, digits, by: side, in: call, reply)
            }
        }
    }

    private func inform(
        _ phone: any SIPOfferingLeg, _ digits: [SIPDigit], by side: SessionSide, in call: CallController, _ reply: BrowserReply
    ) {
        guard call.isEstablished, let infos = phone.infos else { return reply.fail(APIError(.wrongState, "the call has ended")) }
        guard infos.areTaken else {
            return reply.fail(APIError(.notTaken, "the phone takes no INFO, and digits cannot be sent as RTP"))
        }
        infos.press(digits) { outcome in
            switch outcome {
            case .taken: reply.ok([:])
            case .refused(let status): reply.fail(APIError(.notTaken, "the phone refused a digit: \(status)"))
            case .tooMany: reply.fail(APIError(.wrongState, "too many digits are waiting"))
            case .over: reply.fail(APIError(.wrongState, "the call has ended"))
            }
        }
    }

    // MARK: To browsers

    private func tell(_ digits: [SIPDigit], by side: SessionSide, in call: CallController) {
        for digit in digits {
            let body: JSONValue = [
                "digit": .string(String(digit.character)), "duration": .integer(digit.duration ?? SIPDigit.usualDuration),
                "by": .string(side.rawValue),
            ]
            publish(.call(call.id, "dtmf", body), of: call)
        }
    }
}
