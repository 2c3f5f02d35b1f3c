import Foundation
import Testing

/// Offers that phones ask for, and changes that are declined: with RTP, so that it is seen what the media engine does.
extension IntegrationTests {
    @Suite("Offers")
    struct Offers {
        @Test("an INVITE without SDP to the echo gets an offer, and the RTP comes back to where the ACK says, also after another")
        func lateOffer() async throws {
            let stage = try Stage.running
            let probe = try SIPProbe(stage)
            let phone = try RTPPhone(on: probe.address, frequency: 500), other = try RTPPhone(on: probe.address, frequency: 700)
            var call = SIPProbe.Call(to: "echo", from: probe)
            probe.send(call.invite(body: "").replacing("Content-Type: application/sdp\r\n", with: ""))
            let offer = try await probe.final(of: call)
            call.learn(from: offer)
            let port = try #require(Self.audioPort(of: offer))
            #expect(offer.contains(" RTP/AVP 111 9 0 8 "))
            probe.send(call.request("ACK", number: 1).with(sdp: Self.pcmu(phone)))
            phone.connect(to: stage.gateway.address, port: port)
            #expect(await phone.hears(500))

            probe.send(call.request("INVITE", number: 2).with(contact: probe))
            let again = try await probe.final(of: call)
            #expect(Self.body(of: again) == Self.body(of: offer), "nothing has changed")
            probe.send(call.request("ACK", number: 2).with(sdp: Self.pcmu(other)))
            phone.stop()
            other.connect(to: stage.gateway.address, port: port)
            #expect(await other.hears(700))
            probe.send(call.request("BYE", number: 3))
            #expect(try await probe.finalStatus("BYE", of: call) == 200)
            other.stop()
        }

        @Test("an ACK that brings no answer to our offer is followed by BYE")
        func noAnswer() async throws {
            let probe = try SIPProbe(.running)
            var call = SIPProbe.Call(to: "echo", from: probe)
            probe.send(call.invite(body: "").replacing("Content-Type: application/sdp\r\n", with: ""))
            call.learn(from: try await probe.final(of: call))
            probe.send(call.request("ACK", number: 1))
            let bye = try await probe.request("BYE")
            #expect(bye.contains("cause=488"))
            probe.send(SIPProbe.ok(to: bye))
        }

        @Test("after a re-INVITE that the other phone declines both hear each other as before", arguments: ["sendonly", "inactive", "sendrecv"])
        func declined(direction: String) async throws {
            let stage = try Stage.running
            let caller = try SIPProbe(stage), called = try SIPProbe(stage, port: stage.gateway.phonePort)
            let one = try RTPPhone(on: caller.address, frequency: 500), two = try RTPPhone(on: caller.address, frequency: 700)
            let moved = try RTPPhone(on: caller.address)
            var call = SIPProbe.Call(to: "phone", from: caller)
            caller.send(call.invite(body: Self.pcmu(one)))
            let invite = try await called.request("INVITE")
            called.send(SIPProbe.ok(to: invite, tag: "called").with(contact: called).with(sdp: Self.pcmu(two)))
            let answer = try await caller.final(of: call)
            call.learn(from: answer)
            caller.send(call.request("ACK", number: 1))
            one.connect(to: stage.gateway.address, port: try #require(Self.audioPort(of: answer)))
            two.connect(to: stage.gateway.address, port: try #require(Self.audioPort(of: invite)))
            #expect(await one.hears(700))
            #expect(await two.hears(500))

            let change = Self.pcmu(moved).replacing("sendrecv", with: direction)
            let request = call.request("INVITE", number: 2)
            caller.send(request.with(contact: caller).with(sdp: change))
            let offered = try #require(try? await called.request("INVITE"), "no re-INVITE; to the caller: \(caller.unread)")
            called.send(SIPProbe.ok(to: offered).replacing("200 OK", with: "488 Not Acceptable Here"))
            #expect(SIPProbe.status(of: try await caller.final(of: call)) == 488)
            // Of a final response that is no 2xx: the same transaction (RFC 3261, section 17.1.1.3).
            caller.send(request.replacing("INVITE", with: "ACK"))
            #expect(await one.hears(700))
            #expect(await two.hears(500))

            caller.send(call.request("BYE", number: 3))
            #expect(try await caller.finalStatus("BYE", of: call) == 200)
            called.send(SIPProbe.ok(to: try await called.request("BYE")))
            for phone in [one, two, moved] { phone.stop() }
        }

        private static func pcmu(_ phone: RTPPhone) -> String {
            SIPProbe.Call.sdp(Stage.current?.environment.address ?? "", port: phone.port).replacing(" 0 8 101\r\n", with: " 0\r\n")
                .split(separator: "\r\n").filter { !$0.contains("PCMA") && !$0.contains("101") }.map { $0 + "\r\n" }.joined()
        }

        private static func body(of message: String) -> String { message.components(separatedBy: "\r\n\r\n").dropFirst().joined() }

        private static func audioPort(of message: String) -> Int? {
            let line = message.split(separator: "\r\n").first { $0.hasPrefix("m=audio ") }
            return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        }
    }
}

extension String {
    /// This message with a Contact.
    fileprivate func with(contact probe: SIPProbe) -> String {
        replacing("Content-Length: ", with: "Contact: <sip:probe@\(probe.address):\(probe.port)>\r\nContent-Length: ")
    }

    /// This message, which has no body, with one.
    fileprivate func with(sdp: String) -> String {
        replacing("Content-Length: 0\r\n\r\n", with: "Content-Type: application/sdp\r\nContent-Length: \(sdp.utf8.count)\r\n\r\n\(sdp)")
    }
}

extension SIPProbe {
    /// A 200 to a request that opens a dialog.
    fileprivate static func ok(to request: String, tag: String) -> String {
        ok(to: request).split(separator: "\r\n", omittingEmptySubsequences: false).map { line in
            line.lowercased().hasPrefix("to:") ? "\(line);tag=\(tag)" : String(line)
        }.joined(separator: "\r\n")
    }
}
