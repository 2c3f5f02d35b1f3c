/// Requests as a raw peer writes them.
struct RawRequest {
    var method = "INVITE"
    var uri: String
    var port: Int
    var transport = "UDP"
    var branch = "z9hG4bK-\(UInt64.random(in: 0 ... .max))"
    var callID = "call-\(UInt64.random(in: 0 ... .max))"
    var fromTag = "raw"
    var toTag: String?
    var sequence = 1
    var headers: [String] = []
    var maxForwards: String? = "70"
    var body = ""
    var contentType: String? = "application/sdp"

    init(_ method: String = "INVITE", to port: Int, from own: Int, user: String = "echo") {
        self.method = method
        uri = "sip:\(user)@127.0.0.1:\(port)"
        self.port = own
    }

    var text: String {
        let parameter = transport == "UDP" ? "" : ";transport=\(transport.lowercased())"
        var lines = [
            "\(method) \(uri) SIP/2.0",
            "Via: SIP/2.0/\(transport) 127.0.0.1:\(port);branch=\(branch)",
            "From: \"Raw\" <sip:raw@127.0.0.1:\(port)>;tag=\(fromTag)",
            "To: <\(uri)>" + (toTag.map { ";tag=\($0)" } ?? ""),
            "Call-ID: \(callID)",
            "CSeq: \(sequence) \(method == "ACK" || method == "CANCEL" ? method : method)",
            "Contact: <sip:raw@127.0.0.1:\(port)\(parameter)>",
        ]
        if let maxForwards { lines.append("Max-Forwards: \(maxForwards)") }
        lines += headers
        if !body.isEmpty, let contentType { lines.append("Content-Type: \(contentType)") }
        lines.append("Content-Length: \(body.utf8.count)")
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    /// The request of the same dialog or transaction with another method.
    func then(_ method: String, sequence: Int, toTag: String?, branch: String? = nil) -> RawRequest {
        var request = self
        request.method = method
        request.sequence = sequence
        request.toTag = toTag
        request.branch = branch ?? "z9hG4bK-\(UInt64.random(in: 0 ... .max))"
        request.body = ""
        request.headers = []
        return request
    }
}

/// A response as a raw peer writes it, to a request that it received.
func rawResponse(
    _ status: Int, _ phrase: String, to request: String, port: Int, tag: String = "rawtag", headers: [String] = [],
    body: String = "", type: String = "application/sdp", tcp: Bool = false
) -> String {
    var lines = ["SIP/2.0 \(status) \(phrase)"]
    lines += request.headers("Via").map { "Via: \($0)" }
    lines.append("From: \(request.header("From") ?? "")")
    let to = request.header("To") ?? ""
    lines.append("To: \(to)" + (to.contains(";tag=") || status == 100 ? "" : ";tag=\(tag)"))
    lines.append("Call-ID: \(request.header("Call-ID") ?? "")")
    lines.append("CSeq: \(request.header("CSeq") ?? "")")
    lines.append("Contact: <sip:raw@127.0.0.1:\(port)\(tcp ? ";transport=tcp" : "")>")
    lines += headers
    if !body.isEmpty { lines.append("Content-Type: \(type)") }
    lines.append("Content-Length: \(body.utf8.count)")
    return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
}
