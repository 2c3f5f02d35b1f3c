import EventLoop
@testable import SIP
import Testing

extension SIPTests {
    @Suite("Transfers")
    struct TransferTests {}
}

extension SIPTests.TransferTests {
    /// A raw phone's call that is established.
    @LoopActor
    struct Dialog {
        /// Whether the BYE has come.
        final class Seen { var value = false }

        let call: RawCall
        let tag: String
        let hasBye = Seen()

        init(_ adjust: (inout SIPEndpointConfiguration) -> Void = { _ in }) async throws {
            call = try await RawCall(adjust: adjust)
            call.callee.endpoint.answer(call.leg, sdp: sdp("answer"))
            let answer = try #require(await call.raw.receive("SIP/2.0 200"))
            tag = try #require(answer.tag(of: "To"))
            call.raw.send(call.invite.then("ACK", sequence: 1, toTag: tag).text)
            #expect(try await call.callee.event() == .established(call.leg))
        }

        func refer(_ headers: String..., sequence: Int = 2) {
            var request = call.invite.then("REFER", sequence: sequence, toTag: tag)
            request.headers = headers
            call.raw.send(request.text)
        }

        func asked() async throws -> SIPTransferRequest {
            let event = try await call.callee.event()
            guard case .transferRequested(call.leg, let request) = event else { throw TimedOut(description: "no transfer but \(event)") }
            return request
        }

        /// The next NOTIFY, which is answered.
        func notified(_ status: Int = 200, headers: [String] = []) async throws -> String {
            let notify = try #require(await call.raw.receive("NOTIFY"))
            call.raw.send(rawResponse(status, "Status", to: notify, port: call.raw.port, headers: headers))
            return notify
        }

        /// The core hangs up; what comes before the BYE.
        func hangUp() async throws -> [String] {
            call.callee.endpoint.end(call.leg, status: 0, reason: nil)
            return try await ended()
        }

        func ended() async throws -> [String] {
            var before: [String] = []
            while let message = await call.raw.receive() {
                if message.hasPrefix("BYE") {
                    hasBye.value = true
                    call.raw.send(rawResponse(200, "OK", to: message, port: call.raw.port))
                    break
                }
                // The 200 that is repeated until its ACK is read is another matter.
                if message.hasPrefix("SIP/2.0 200"), message.contains("CSeq: 1 INVITE") { continue }
                before.append(message)
            }
            try await call.stop()
            return before
        }
    }

    @Test("a REFER is answered 202 and followed by NOTIFYs, the last of which goes before the BYE")
    @LoopActor func progress() async throws {
        let dialog = try await Dialog(), (endpoint, leg) = (dialog.call.callee.endpoint, dialog.call.leg)
        dialog.refer("Refer-To: \"Carol\" <sip:car%6fl@127.0.0.1:5099;user=phone;method=INVITE>", "Referred-By: <sip:raw@example.org>")
        let request = try await dialog.asked()
        #expect(request.target == "sip:carol@127.0.0.1:5099;user=phone")
        #expect(request.user == "carol" && request.host == "127.0.0.1" && request.scheme == "sip" && request.method == "INVITE")
        #expect(request.referredBy == "<sip:raw@example.org>" && request.replaces == nil && !request.isSilent)
        endpoint.acceptTransfer(leg)
        #expect(await dialog.call.raw.receive("SIP/2.0 202") != nil)
        let trying = try await dialog.notified()
        #expect(trying.body == "SIP/2.0 100 Trying\r\n")
        #expect(trying.header("Event") == "refer")
        #expect(trying.header("Subscription-State")?.hasPrefix("active;expires=") == true)
        #expect(trying.header("Content-Type") == "message/sipfrag;version=2.0")
        #expect(trying.header("Contact")?.contains("127.0.0.1") == true)
        endpoint.reportTransfer(leg, status: 180)
        #expect(try await dialog.notified().body == "SIP/2.0 180 Ringing\r\n")
        endpoint.reportTransfer(leg, status: 200)
        endpoint.reportTransfer(leg, status: 486)
        endpoint.end(leg, status: 0, reason: nil)
        let last = try await dialog.notified()
        #expect(last.body == "SIP/2.0 200 OK\r\n")
        #expect(last.header("Subscription-State") == "terminated;reason=noresource")
        #expect(try await dialog.ended() == [])
    }

    @Test("the Replaces in a Refer-To comes with it, and a tel: URI has its number")
    @LoopActor func replaces() async throws {
        let dialog = try await Dialog()
        dialog.refer("Refer-To: <sip:carol@example.org?Replaces=12%4042%3Bfrom-tag%3Dme%3Bto-tag%3Dyou&Require=replaces>")
        let request = try await dialog.asked()
        #expect(request.target == "sip:carol@example.org")
        #expect(request.replaces == SIPReplaces(callID: "12@42", toTag: "you", fromTag: "me"))
        dialog.call.callee.endpoint.refuseTransfer(dialog.call.leg, SIPResponse(status: 403))
        #expect(await dialog.call.raw.receive("SIP/2.0 403") != nil)
        dialog.refer("Refer-To: <tel:+49-30-1;phone-context=x>", sequence: 3)
        let number = try await dialog.asked()
        #expect(number.scheme == "tel" && number.user == "+49-30-1", "\(number)")
        dialog.call.callee.endpoint.acceptTransfer(dialog.call.leg)
        let trying = try await dialog.notified()
        #expect(trying.header("Event") == "refer;id=3")
        // Its outcome is not known when the call ends: the last NOTIFY says that no more of it comes.
        dialog.call.callee.endpoint.end(dialog.call.leg, status: 0, reason: nil)
        let last = try await dialog.notified()
        #expect(last.body == "SIP/2.0 100 Trying\r\n" && last.header("Subscription-State") == "terminated;reason=noresource")
        #expect(try await dialog.ended() == [])
    }

    @Test("a REFER that cannot be understood is refused, and the call goes on", arguments: [
        ([], 400), (["Refer-To: <sip:a@b>", "Refer-To: <sip:c@d>"], 400), (["Refer-To: <http://example.org>"], 400),
        (["Refer-To: <mailto:a@b.example>"], 400), (["Refer-To: <sip:a@b?Replaces=12%3Bto-tag%3D1>"], 400),
        (["Refer-To: <sip:a@b?Replaces=1%3Bto-tag%3D1%3Bfrom-tag%3D2&Replaces=1%3Bto-tag%3D1%3Bfrom-tag%3D2>"], 400),
        (["Refer-To: <sip:a@b?Replaces=1%3Bto-tag%3D1%3Bto-tag%3D3%3Bfrom-tag%3D2>"], 400), (["Refer-To: <sip:>"], 400),
    ])
    @LoopActor func malformed(headers: [String], status: Int) async throws {
        let dialog = try await Dialog()
        var request = dialog.call.invite.then("REFER", sequence: 2, toTag: dialog.tag)
        request.headers = headers
        dialog.call.raw.send(request.text)
        let answer = try #require(await dialog.call.raw.receive())
        #expect(answer.hasPrefix("SIP/2.0 \(status) "), "\(answer)")
        #expect(try await dialog.hangUp() == [])
    }

    @Test("one at a time: another REFER gets 491, one after the last NOTIFY does not")
    @LoopActor func oneAtATime() async throws {
        let dialog = try await Dialog(), (endpoint, leg) = (dialog.call.callee.endpoint, dialog.call.leg)
        dialog.refer("Refer-To: <sip:carol@example.org>")
        _ = try await dialog.asked()
        endpoint.acceptTransfer(leg)
        _ = try await dialog.notified()
        dialog.refer("Refer-To: <sip:dave@example.org>", sequence: 3)
        #expect(await dialog.call.raw.receive("SIP/2.0 491") != nil)
        endpoint.reportTransfer(leg, status: 486, phrase: "Busy\r\nHere")
        #expect(try await dialog.notified().body == "SIP/2.0 486 Busy  Here\r\n")
        dialog.refer("Refer-To: <sip:dave@example.org>", sequence: 4)
        #expect(try await dialog.asked().user == "dave")
        endpoint.refuseTransfer(leg, SIPResponse(status: 404))
        #expect(await dialog.call.raw.receive("SIP/2.0 403") != nil)
        #expect(try await dialog.hangUp() == [])
    }

    @Test("whoever hangs up in the middle hears no more of it")
    @LoopActor func hungUp() async throws {
        let dialog = try await Dialog(), (endpoint, leg, raw) = (dialog.call.callee.endpoint, dialog.call.leg, dialog.call.raw)
        dialog.refer("Refer-To: <sip:carol@example.org>")
        _ = try await dialog.asked()
        endpoint.acceptTransfer(leg)
        _ = try await dialog.notified()
        raw.send(dialog.call.invite.then("BYE", sequence: 3, toTag: dialog.tag).text)
        #expect(await raw.receive("SIP/2.0 200") != nil)
        #expect(try await dialog.call.callee.event() == .ended(leg, SIPEnd(.hungUp)))
        endpoint.reportTransfer(leg, status: 200)
        #expect(await raw.receive("NOTIFY", within: .milliseconds(300)) == nil)
        try await dialog.call.stop()
    }

    @Test("whoever wants no NOTIFY gets none")
    @LoopActor func silent() async throws {
        let dialog = try await Dialog(), (endpoint, leg) = (dialog.call.callee.endpoint, dialog.call.leg)
        dialog.refer("Refer-To: <sip:carol@example.org>", "Refer-Sub: false", "Require: norefersub")
        #expect(try await dialog.asked().isSilent)
        endpoint.acceptTransfer(leg)
        let accepted = try #require(await dialog.call.raw.receive("SIP/2.0 202"))
        #expect(accepted.header("Refer-Sub") == "false", "\(accepted)")
        endpoint.reportTransfer(leg, status: 180)
        endpoint.reportTransfer(leg, status: 200)
        #expect(try await dialog.hangUp() == [])
    }

    @Test("a NOTIFY that nobody answers holds the BYE up until it is given up, and not longer")
    @LoopActor func unansweredNotify() async throws {
        let dialog = try await Dialog { $0.t1 = .milliseconds(20); $0.t1x64 = .milliseconds(600) }
        let (endpoint, leg) = (dialog.call.callee.endpoint, dialog.call.leg)
        dialog.refer("Refer-To: <sip:carol@example.org>")
        _ = try await dialog.asked()
        endpoint.acceptTransfer(leg)
        endpoint.reportTransfer(leg, status: 200)
        let before = try await dialog.hangUp()
        #expect(!before.isEmpty && before.allSatisfy { $0.hasPrefix("NOTIFY") || $0.hasPrefix("SIP/2.0 202") }, "\(before)")
        #expect(dialog.hasBye.value)
    }

    @Test("a NOTIFY that is refused or challenged leaves the call, and the BYE goes", arguments: [481, 489, 401])
    @LoopActor func refusedNotify(status: Int) async throws {
        let dialog = try await Dialog { $0.t1 = .milliseconds(20); $0.t1x64 = .milliseconds(600) }
        let (endpoint, leg) = (dialog.call.callee.endpoint, dialog.call.leg)
        dialog.refer("Refer-To: <sip:carol@example.org>")
        _ = try await dialog.asked()
        endpoint.acceptTransfer(leg)
        _ = try await dialog.notified(status, headers: status == 401 ? ["WWW-Authenticate: Digest realm=\"x\", nonce=\"y\""] : [])
        endpoint.reportTransfer(leg, status: 200)
        endpoint.end(leg, status: 0, reason: nil)
        _ = try await dialog.notified()
        #expect(try await dialog.ended().allSatisfy { $0.hasPrefix("NOTIFY") })
        #expect(dialog.hasBye.value)
    }

    @Test("outside of a call a REFER gets 403, in a call that is not answered 491")
    @LoopActor func notInACall() async throws {
        let answer = try await SIPTests.FrontDoorTests.answer("REFER", change: { $0.headers = ["Refer-To: <sip:a@b>"] })
        #expect(answer.hasPrefix("SIP/2.0 403 "), "\(answer)")
        let call = try await RawCall()
        call.callee.endpoint.ring(call.leg, status: 180, sdp: nil)
        let ringing = try #require(await call.raw.receive("SIP/2.0 180"))
        var request = call.invite.then("REFER", sequence: 2, toTag: ringing.tag(of: "To"))
        request.headers = ["Refer-To: <sip:a@b>"]
        call.raw.send(request.text)
        #expect(await call.raw.receive("SIP/2.0 491") != nil)
        call.callee.endpoint.reject(call.leg, SIPResponse(status: 486))
        try await call.stop()
    }

    @Test("an INVITE's Replaces names a dialog, in either role and as long as it lives")
    @LoopActor func dialogNames() async throws {
        try await withPair { caller, callee in
            let (out, leg) = try await establish(caller, callee)
            let other = caller.endpoint.invite(SIPInviteRequest(
                target: callee.uri("bob"), fromUser: "carol", sdp: sdp("offer"),
                headers: [("Replaces", "call-1;to-tag=ours;from-tag=theirs;early-only"), ("Referred-By", "<sip:a@b>")]))
            let (second, invite) = try await callee.incoming()
            #expect(invite.replaces == SIPReplaces(callID: "call-1", toTag: "ours", fromTag: "theirs", isEarlyOnly: true))
            #expect(invite.referredBy == "<sip:a@b>")
            callee.endpoint.reject(second, SIPResponse(status: 481))
            guard case .rejected(other, 481, _, _) = try await caller.event() else { return #expect(Bool(false)) }
            let name = try #require(caller.endpoint.legs[out]?.name)
            let replaces = SIPReplaces(callID: name.callID, toTag: name.localTag, fromTag: name.remoteTag)
            #expect(caller.endpoint.leg(replacedBy: replaces) == out)
            let turned = SIPReplaces(callID: name.callID, toTag: name.remoteTag, fromTag: name.localTag)
            #expect(callee.endpoint.leg(replacedBy: turned) == leg)
            #expect(callee.endpoint.leg(replacedBy: replaces) == nil)
            #expect(caller.endpoint.remoteDescription(of: out) == sdp("answer"))
            #expect(callee.endpoint.remoteDescription(of: leg) == sdp("offer"))
            caller.endpoint.end(out, status: 0, reason: nil)
            #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
            #expect(callee.endpoint.leg(replacedBy: turned) == nil)
        }
    }

    @Test("an INVITE with two dialogs to replace, or one that cannot be read, gets 400", arguments: [
        ["Replaces: a;to-tag=b;from-tag=c", "Replaces: d;to-tag=e;from-tag=f"], ["Replaces: a;to-tag=b"],
    ])
    @LoopActor func badReplaces(headers: [String]) async throws {
        let answer = try await SIPTests.FrontDoorTests.answer(change: { $0.headers = headers })
        #expect(answer.hasPrefix("SIP/2.0 400 "), "\(answer)")
    }
}
