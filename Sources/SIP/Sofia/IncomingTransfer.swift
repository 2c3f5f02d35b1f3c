internal import CSofiaSIP
internal import SIPNames

extension SIPTransferRequest {
    /// Reads a REFER, or says with which response it is refused.
    static func read(_ sip: UnsafePointer<sip_t>) -> Result<SIPTransferRequest, SIPRefusal> {
        do throws(SIPRefusal) {
            return .success(try SIPTransferRequest(sip.pointee, isSilent: SofiaText.field(tern_sip_refer_sub(sip), limit: 8).lowercased() == "false"))
        } catch {
            return .failure(error)
        }
    }

    private init(_ sip: sip_t, isSilent: Bool) throws(SIPRefusal) {
        try SIPRefusal.malformed(sip, ["refer-to", "r", "referred-by", "b"])
        guard let header = sip.sip_refer_to?.pointee else { throw SIPRefusal(status: 400, phrase: "Missing Refer-To Header") }
        let url = header.r_url
        let scheme = SofiaText.field(url.url_scheme, limit: 8).lowercased()
        guard ["sip", "sips", "tel"].contains(scheme) else { throw .tooMuch("Refer-To is no sip:, sips: or tel: URI") }
        let whole = try SIPRefusal.uri(url, "Refer-To")
        guard SIPTarget.isHarmless(whole) else { throw SIPRefusal(status: 400, phrase: "Bad Refer-To Header") }
        let (uri, method) = SIPTransferRequest.withoutMethod(whole)
        self.init(
            target: uri, scheme: scheme, user: SIPURI.unescaped(SofiaText.field(url.url_user, limit: 256)),
            host: SofiaURI.host(url), method: method ?? "INVITE",
            replaces: try SIPTransferRequest.replaces(in: whole.drop { $0 != "?" }.dropFirst()))
        if scheme == "tel", user.isEmpty { user = TelURI(uri)?.number ?? "" }
        referredBy = try sip.sip_referred_by.map { header throws(SIPRefusal) in
            let uri = try SIPRefusal.uri(header.pointee.b_url, "Referred-By")
            return "<\(HeaderText.line(uri).unicodeScalars.filter { $0 != ">" })>"
        }
        self.isSilent = isSilent
        number = sip.sip_cseq?.pointee.cs_seq ?? 0
    }

    /// The URI without headers and without its `method` parameter (RFC 3261 section 19.1.1), and that.
    private static func withoutMethod(_ uri: String) -> (uri: String, method: String?) {
        guard let parsed = SIPURI(uri) else { return (String(uri.prefix { $0 != "?" }), nil) }
        guard let found = parsed.removingParameter("method") else { return (parsed.target, nil) }
        return (found.uri, found.value.uppercased())
    }

    /// The Replaces among the URI's headers; others are not looked at.
    private static func replaces(in headers: Substring) throws(SIPRefusal) -> SIPReplaces? {
        let named = headers.split(separator: "&").filter { $0.lowercased().hasPrefix("replaces=") }
        guard let first = named.first else { return nil }
        guard named.count == 1, let replaces = SIPReplaces(SIPURI.unescaped(String(first.dropFirst("replaces=".count)))) else {
            throw SIPRefusal(status: 400, phrase: "Bad Replaces Header")
        }
        return replaces
    }
}

extension SIPReplaces {
    /// The header of an INVITE.
    init?(_ header: sip_replaces_s) {
        self.init(
            callID: SofiaText.field(header.rp_call_id, limit: 257), toTag: SofiaText.field(header.rp_to_tag, limit: 257),
            fromTag: SofiaText.field(header.rp_from_tag, limit: 257), isEarlyOnly: header.rp_early_only != 0)
        guard [callID, toTag, fromTag].allSatisfy({ (1...256).contains($0.utf8.count) }) else { return nil }
    }
}
