import Foundation
import SDP

/// Transfers that a phone asks for (RFC 3515), and being transferred.
extension SIPPhone {
    /// Asks for its other side to be transferred; the status of the answer.
    ///
    /// - Parameters:
    ///   - target: A user of the gateway's, or a whole Refer-To.
    ///   - other: The phone's end of the dialog that the new call is to replace.
    func refer(to target: String, replacing other: SIPDialog? = nil, headers: String = "") async throws -> Int {
        var uri = target.contains(":") ? target : "sip:\(target)@\(gateway)"
        if let other {
            let escaped = other.replaces.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            uri += "?Replaces=\(escaped)"
        }
        let line = target.contains("<") ? target : "<\(uri)>"
        send { $0.request("REFER", headers: "Refer-To: \(line)\r\n\(headers)") }
        return try await final("REFER", within: .patience).status
    }

    /// Waits for the next NOTIFY, and answers it; the line of the response that it tells of. A busy machine answers late, and the NOTIFY before comes again
    /// meanwhile: that is answered again, and is none of its own.
    func notified(within limit: Duration = .patience) async throws -> String {
        var notify: SIPText
        repeat {
            guard let text = await probe.message(within: limit, where: { $0.hasPrefix("NOTIFY ") }) else {
                throw HarnessError("no NOTIFY within \(limit)")
            }
            notify = SIPText(text: text)
            send { $0.response(200, "OK", to: notify) }
        } while !notified.insert("\(notify["call-id"] ?? "") \(notify["cseq"] ?? "")").inserted
        let isOver = notify["subscription-state"]?.hasPrefix("terminated") == true
        return notify.body.trimmingCharacters(in: .whitespacesAndNewlines) + (isOver ? "." : "")
    }

    /// Is offered another session, takes it, and speaks to there from now on.
    @discardableResult
    func moves(within limit: Duration = .patience) async throws -> SessionDescription {
        let offer = try await offered(within: limit)
        if let invite { try speak(to: invite) }
        try await accept()
        return offer
    }
}

extension SIPPhone {
    /// Waits for a call, and says that it is to go to a user of the gateway's.
    func redirects(to user: String) async throws {
        try await called()
        guard let invite else { return }
        send { $0.response(302, "Moved", to: invite).replacing("Contact: <sip:phone@", with: "Was: <").replacing("\r\nAllow:", with: "\r\nContact: <sip:\(user)@\(self.gateway)>\r\nAllow:") }
        guard await probe.message(where: { $0.hasPrefix("ACK ") && SIPText(text: $0).number == invite.number }) != nil else {
            throw HarnessError("no ACK for the 302")
        }
        self.invite = nil
    }
}
