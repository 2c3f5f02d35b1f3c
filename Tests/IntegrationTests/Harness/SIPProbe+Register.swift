import Authentication
import Foundation

extension SIPProbe {
    /// REGISTER for `user`, with the answer to the challenge that comes; returns the last status.
    @discardableResult
    func register(
        _ user: String, password: String = GatewayProcess.password, as login: String? = nil, expires: Int = 600, contact: String? = nil,
        parameters: String = "", domain: String? = nil, headers: String = ""
    ) async throws -> Int {
        let id = UUID().uuidString
        send(registration(user, at: domain, id: id, number: 1, expires: expires, contact: contact, parameters: parameters, headers: headers))
        let challenge = try await final("REGISTER", ofCallID: id, number: 1)
        guard SIPProbe.status(of: challenge) == 401 else { return SIPProbe.status(of: challenge) }
        let credentials = try answer(to: challenge, user: login ?? user, password: password, method: "REGISTER", uri: "sip:\(registrar)")
        send(registration(user, at: domain, id: id, number: 2, expires: expires, contact: contact, parameters: parameters, headers: "Authorization: \(credentials)\r\n" + headers))
        return SIPProbe.status(of: try await final("REGISTER", ofCallID: id, number: 2))
    }

    /// The Authorization header that answers a 401.
    func answer(to challenge: String, user: String, password: String, method: String, uri: String) throws -> String {
        let values = challenge.components(separatedBy: "\r\n").filter { $0.lowercased().hasPrefix("www-authenticate:") }
            .map { $0.dropFirst("www-authenticate:".count).trimmingCharacters(in: .whitespaces) }
        var client = DigestClient(username: user, credential: .password(Secret(password)))
        guard let text = client.authorization(for: values, method: method, uri: uri) else {
            throw HarnessError("no challenge to answer in \(challenge)")
        }
        return text
    }

    func registration(
        _ user: String, at domain: String?, id: String, number: Int, expires: Int, contact: String?, parameters: String = "", headers: String = ""
    ) -> String {
        let record = "<sip:\(user)@\(domain ?? registrar)>"
        return "REGISTER sip:\(registrar) SIP/2.0\r\nVia: SIP/2.0/UDP \(authority);rport;branch=z9hG4bK\(UUID().uuidString)\r\n"
            + "Max-Forwards: 70\r\nFrom: \(record);tag=r\r\nTo: \(record)\r\nCall-ID: \(id)\r\n"
            + "CSeq: \(number) REGISTER\r\nContact: <\(contact ?? "sip:\(user)@\(authority)")>;expires=\(expires)\(parameters)\r\n\(headers)Content-Length: 0\r\n\r\n"
    }

    private func final(_ method: String, ofCallID id: String, number: Int) async throws -> String {
        let response = await message(within: .patience) {
            $0.hasPrefix("SIP/2.0 ") && $0.contains("Call-ID: \(id)\r\n") && $0.contains("CSeq: \(number) \(method)\r\n")
        }
        guard let response else { throw HarnessError("no response to \(method) \(number)") }
        return response
    }
}
