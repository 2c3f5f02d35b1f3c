import Foundation

/// The phone's end of a dialog, over UDP unless told otherwise (RFC 3261, section 12): makes requests in it, and responses to those of the other side.
struct SIPDialog: Sendable {
    let id: String
    /// `ADDRESS:PORT` of the phone.
    let contact: String
    /// As in a Via.
    var transport = "UDP"
    var allow = "INVITE, ACK, CANCEL, OPTIONS, BYE"
    /// The value of its Supported header; without one where it is nil.
    var supported: String?
    /// The From of its requests, and the To of the other side's.
    private(set) var local: String
    private(set) var remote: String
    private(set) var target: String
    /// The number of its last request, and of the other side's last INVITE.
    private(set) var number = 0
    var remoteNumber = 0
    /// Of its last request.
    private var branch = ""
    /// The Route headers of its requests: the proxies that have recorded themselves (section 12.1).
    private var routes: [String] = []

    /// One that the phone begins.
    ///
    /// - Parameters:
    ///   - user: A user of the gateway, who has to prove it.
    ///   - visitor: Somebody from elsewhere.
    init(to dialled: String, at gateway: String, from user: String? = nil, visitor: String = "phone", contact: String) {
        id = UUID().uuidString
        self.contact = contact
        local = "<\(user.map { "sip:\($0)@\(gateway)" } ?? "sip:\(visitor)@\(contact)")>;tag=\(UUID().uuidString.prefix(8))"
        target = "sip:\(dialled)@\(gateway)"
        remote = "<\(target)>"
    }

    /// One that an INVITE begins.
    init(invitedBy invite: SIPText, contact: String) throws {
        guard let id = invite["call-id"], let to = invite["to"], let from = invite["from"], let target = invite.contact else {
            throw HarnessError("no INVITE: \(invite.text)")
        }
        self.id = id
        self.contact = contact
        local = to + ";tag=\(UUID().uuidString.prefix(8))"
        remote = from
        self.target = target
        remoteNumber = invite.number
        routes = invite.recordRoutes
    }

    /// Takes the other side's tag and Contact over (section 12.1.2).
    mutating func learn(from response: SIPText) {
        if let to = response["to"] { remote = to }
        if let contact = response.contact { target = contact }
        if routes.isEmpty { routes = response.recordRoutes.reversed() }
    }

    /// - Parameter headers: Further ones, each with its line end.
    mutating func request(_ method: String, body: String? = nil, type: String = "application/sdp", headers: String = "") -> String {
        number += 1
        branch = "z9hG4bK" + UUID().uuidString
        return text(method, number: number, body: body, branch: branch, type: type, headers: headers)
    }

    /// What names it in a Replaces header that the other side gets (RFC 3891).
    var replaces: String { "\(id);to-tag=\(SIPDialog.tag(of: remote));from-tag=\(SIPDialog.tag(of: local))" }

    private static func tag(of address: String) -> String {
        address.components(separatedBy: ";tag=").dropFirst().first.map { String($0.prefix { $0 != ";" }) } ?? ""
    }

    /// The ACK of a 2xx is a transaction of its own (section 13.2.2.4).
    func acknowledgement(body: String? = nil) -> String { text("ACK", number: number, body: body) }

    /// The ACK of another final response belongs to the INVITE's transaction (section 17.1.1.3): it has its branch.
    func acknowledgement(of response: SIPText) -> String {
        let branch = response["via"]?.components(separatedBy: "branch=").dropFirst().first?.split(separator: ";").first
        return text("ACK", number: number, body: nil, branch: branch.map(String.init))
    }

    /// The CANCEL of its last request, an INVITE: of that one's branch (section 9.1).
    func cancellation() -> String { text("CANCEL", number: number, body: nil, branch: branch) }

    private func text(
        _ method: String, number: Int, body: String?, branch: String? = nil, type: String = "application/sdp", headers: String = ""
    ) -> String {
        "\(method) \(target) SIP/2.0\r\nVia: SIP/2.0/\(transport) \(contact);rport;branch=\(branch ?? "z9hG4bK" + UUID().uuidString)\r\n"
            + "Max-Forwards: 70\r\nFrom: \(local)\r\nTo: \(remote)\r\nCall-ID: \(id)\r\nCSeq: \(number) \(method)\r\n"
            + (method == "CANCEL" ? "" : routes.map { "Route: \($0)\r\n" }.joined()) + headers
            + end(body, type)
    }

    func response(_ status: Int, _ phrase: String, to request: SIPText, body: String? = nil) -> String {
        let via = request.lines.filter { $0.lowercased().hasPrefix("via:") }.joined(separator: "\r\n")
        let recorded = request.recordRoutes.map { "Record-Route: \($0)\r\n" }.joined()
        return "SIP/2.0 \(status) \(phrase)\r\n\(via)\r\n\(recorded)From: \(remote)\r\nTo: \(local)\r\nCall-ID: \(id)\r\n"
            + "CSeq: \(request["cseq"] ?? "")\r\n" + end(body)
    }

    private func end(_ body: String?, _ type: String = "application/sdp") -> String {
        "Contact: <sip:phone@\(contact)\(transport == "UDP" ? "" : ";transport=\(transport.lowercased())")>\r\nAllow: \(allow)\r\n"
            + (supported.map { "Supported: \($0)\r\n" } ?? "")
            + (body == nil ? "" : "Content-Type: \(type)\r\n") + "Content-Length: \(body?.utf8.count ?? 0)\r\n\r\n\(body ?? "")"
    }
}

/// A SIP message as it came.
struct SIPText: Sendable {
    let text: String

    var lines: [String] { text.components(separatedBy: "\r\n\r\n")[0].components(separatedBy: "\r\n") }
    var body: String { text.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n") }
    var status: Int { text.hasPrefix("SIP/2.0 ") ? SIPProbe.status(of: text) : 0 }
    /// Of the CSeq.
    var number: Int { self["cseq"]?.split(separator: " ").first.flatMap { Int($0) } ?? 0 }
    /// What an INVITE and its repetitions have in common, and two INVITEs of one call do not.
    var transaction: String { "\(self["call-id"] ?? "") \(number)" }
    var method: String { self["cseq"]?.split(separator: " ").last.map(String.init) ?? "" }
    var recordRoutes: [String] {
        lines.filter { $0.lowercased().hasPrefix("record-route:") }.map { $0.dropFirst("record-route:".count).trimmingCharacters(in: .whitespaces) }
    }
    var contact: String? { self["contact"]?.split(separator: "<").last?.split(separator: ">").first.map(String.init) }

    /// The first header of that name, in lower case.
    subscript(name: String) -> String? {
        lines.dropFirst().first { $0.lowercased().hasPrefix(name + ":") }?.dropFirst(name.count + 1)
            .trimmingCharacters(in: .whitespaces)
    }
}
