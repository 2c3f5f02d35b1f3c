internal import CSRTP

/// The suites of SDES that are supported (RFC 4568 section 6.2, RFC 6188, RFC 7714).
enum SRTPSuite: String {
    case aes128SHA80 = "AES_CM_128_HMAC_SHA1_80"
    case aes128SHA32 = "AES_CM_128_HMAC_SHA1_32"
    case aes256SHA80 = "AES_256_CM_HMAC_SHA1_80"
    case aes256SHA32 = "AES_256_CM_HMAC_SHA1_32"
    case aes128GCM = "AEAD_AES_128_GCM"
    case aes256GCM = "AEAD_AES_256_GCM"

    /// Bytes of the master key with its salt.
    var keyLength: Int {
        switch self {
        case .aes128SHA80, .aes128SHA32: 30
        case .aes256SHA80, .aes256SHA32: 46
        case .aes128GCM: 28
        case .aes256GCM: 44
        }
    }

    /// Says how RTP and RTCP are protected. RTCP has the long tag in any case (RFC 4568 section 6.2.2).
    func fill(_ policy: inout srtp_policy_t) {
        switch self {
        case .aes128SHA80:
            srtp_crypto_policy_set_rtp_default(&policy.rtp)
            srtp_crypto_policy_set_rtcp_default(&policy.rtcp)
        case .aes128SHA32:
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp)
            srtp_crypto_policy_set_rtcp_default(&policy.rtcp)
        case .aes256SHA80:
            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtp)
            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtcp)
        case .aes256SHA32:
            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(&policy.rtp)
            srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtcp)
        case .aes128GCM:
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp)
        case .aes256GCM:
            srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp)
            srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp)
        }
    }
}

/// A master key with its salt, and what it is used with.
struct SRTPKey: Equatable {
    let suite: SRTPSuite
    private let bytes: [UInt8]

    /// - Parameter text: In base64. What is behind the suite's length is ignored.
    /// - Throws: 400 where the key is too short or not in base64.
    init(_ suite: SRTPSuite, _ text: String) throws(RequestError) {
        guard let bytes = Base64.decode(text), bytes.count >= suite.keyLength else {
            throw .malformed("A key for \(suite.rawValue) is \(suite.keyLength) bytes in base64.")
        }
        self.suite = suite
        self.bytes = Array(bytes.prefix(suite.keyLength))
    }

    /// A context for all sources of one direction; nil where the library refuses it.
    func context(isInbound: Bool) -> srtp_t? {
        var policy = srtp_policy_t()
        suite.fill(&policy)
        policy.ssrc.type = isInbound ? ssrc_any_inbound : ssrc_any_outbound
        policy.window_size = 1_024
        var context: srtp_t?
        var key = bytes
        let status = key.withUnsafeMutableBufferPointer { buffer in
            policy.key = buffer.baseAddress
            return srtp_create(&context, &policy)
        }
        return status == srtp_err_status_ok ? context : nil
    }
}

/// Contexts for the keys of a medium that are others than before. One that is the same keeps its context, and so its counters.
struct NewKeys {
    private let medium: Medium
    private let local, remote: SRTPKey?
    private let outbound, inbound: srtp_t?
    /// Whether the library has made what was asked for.
    let isComplete: Bool

    /// Makes the contexts, without a lock. Nobody else changes keys meanwhile, as ``Legs``' lock is held.
    init(_ description: MediumDescription, of leg: LegPointer) {
        let medium = description.medium
        self.medium = medium
        local = description.localKey
        remote = description.remoteKey
        let needsLocal = local != nil && leg.pointee.sending.locked { leg.sender(medium).pointee.srtp.key != description.localKey }
        let needsRemote = remote != nil && leg.pointee.receiving.locked { leg.receiver(medium).pointee.srtp.key != description.remoteKey }
        outbound = needsLocal ? local?.context(isInbound: false) : nil
        inbound = needsRemote ? remote?.context(isInbound: true) : nil
        isComplete = needsLocal == (outbound != nil) && needsRemote == (inbound != nil)
    }

    /// Under the leg's locks.
    func install(in leg: LegPointer, _ remains: inout Remains) {
        let receiver = leg.receiver(medium), sender = leg.sender(medium)
        if sender.pointee.srtp.key != local {
            remains.add(sender.pointee.srtp.replace(local, outbound))
            // Protected with the former key.
            sender.pointee.sent?.clear()
        }
        if receiver.pointee.srtp.key != remote { remains.add(receiver.pointee.srtp.replace(remote, inbound)) }
    }

    /// Gives back what is not installed.
    func dispose() {
        if let outbound { srtp_dealloc(outbound) }
        if let inbound { srtp_dealloc(inbound) }
    }
}
