import SDP

/// SRTP with keys from the descriptions (RFC 4568). A dialog is encrypted as a whole, with one suite. The phone's keys may change with each
/// description; ours stay.
extension SIPNegotiation {
    /// What encrypts the media of a dialog.
    struct Encryption: Sendable, Equatable {
        /// Of the keys; nil for plain RTP.
        var suite: String?
        /// The phone's.
        var keys: [MediaKind: Crypto] = [:]

        init(adding medium: PhoneMedium, to before: Encryption?) {
            suite = before?.suite ?? medium.crypto?.suite
            keys = before?.keys ?? [:]
            keys[medium.kind] = medium.crypto ?? keys[medium.kind]
        }

        /// The key of `medium` that goes on with what was agreed; another where that is not among them.
        func key(of medium: PhoneMedium) throws(NegotiationError) -> Crypto? {
            guard let suite else {
                guard medium.keys.isEmpty else { throw .encryptionChanged }
                return nil
            }
            let fitting = medium.keys.filter { $0.suite == suite }
            guard let key = fitting.first(where: { $0.key == keys[medium.kind]?.key }) ?? fitting.first else { throw .encryptionChanged }
            return key
        }
    }

    /// The suite every phone that knows SRTP has (RFC 4568, section 6.2.1): the one that is offered.
    static let offeredSuite = "AES_CM_128_HMAC_SHA1_80"

    /// The suite of our keys; nil for plain RTP.
    public var suite: String? {
        if let encryption { return encryption.suite }
        return profile.srtp == .required ? Self.offeredSuite : nil
    }

    /// A phone that comes from another session may take new keys as it is told of this one. Until then its media are kept from flowing.
    mutating func withholdKeys() {
        if encryption?.suite != nil { encryption?.keys = [:] }
    }

    /// Whether that is so.
    var withholdsKeys: Bool { encryption.map { $0.suite != nil && $0.keys.isEmpty } ?? false }

    /// Gives each line the key that goes with the dialog's encryption or, in a new dialog, with that of its leading line:
    /// the first audio, else the first that can be used. A line that does not fit is not usable.
    func alignEncryption(_ media: inout [Reading]) {
        guard let encryption = encryption ?? Self.leading(media) else { return }
        for line in media.indices {
            guard var medium = media[line].medium else { continue }
            do throws(NegotiationError) {
                medium.crypto = try encryption.key(of: medium)
                media[line].medium = medium
            } catch {
                media[line] = Reading(medium: nil, problem: error)
            }
        }
    }

    /// The encryption of a new dialog: a suite that all its encrypted lines have, if there is one.
    private static func leading(_ media: [Reading]) -> Encryption? {
        let usable = media.compactMap(\.medium)
        guard var leader = usable.first(where: { $0.kind == .audio }) ?? usable.first else { return nil }
        let encrypted = usable.filter { !$0.keys.isEmpty }
        leader.crypto =
            leader.keys.first { key in encrypted.allSatisfy { $0.keys.contains { $0.suite == key.suite } } } ?? leader.keys.first
        var encryption = Encryption(adding: leader, to: nil)
        encryption.keys = [:]
        return encryption
    }
}

extension PhoneMedium {
    /// Keeps the key that answers ours: under the same tag, of the same suite (RFC 4568, section 5.1.3).
    mutating func chooseKey(answering offered: MediaDescription) throws(NegotiationError) {
        guard let own = offered.keys.first else { return }
        keys = keys.filter { $0.tag == own.tag && $0.suite == own.suite }
        guard !keys.isEmpty else { throw .unsupportedEncryption }
        crypto = keys.first
    }
}

extension MediaDescription {
    /// The lines `a=crypto`.
    var keys: [Crypto] {
        attributes.compactMap { if case .crypto(let crypto) = $0 { crypto } else { nil } }
    }
}

extension Crypto {
    /// The suites that the media engine knows, and the bytes of key and salt together (RFC 4568, section 6.2; RFC 6188, section 4;
    /// RFC 7714, section 12).
    private static let suites = [
        "AES_CM_128_HMAC_SHA1_80": 30, "AES_CM_128_HMAC_SHA1_32": 30, "AES_256_CM_HMAC_SHA1_80": 46, "AES_256_CM_HMAC_SHA1_32": 46,
        "AEAD_AES_128_GCM": 28, "AEAD_AES_256_GCM": 44,
    ]

    /// The line for a key of ours, made of random bytes; nil for a suite that is not known, or with too few of them.
    init?(suite: String, material: [UInt8]) {
        guard let bytes = Self.suites[suite], material.count >= bytes else { return nil }
        self.init(tag: 1, suite: suite, key: "inline:\(base64(material.prefix(bytes)))")
    }

    /// Master key and salt in base64, without what may stand around them.
    var bareKey: String { String(key.dropFirst("inline:".count)) }

    /// This with the bare key and the suite's name in capitals, when it is one that the engine can use: a single key of the suite's length, a legal
    /// lifetime or none, no key identifier, no session parameters. rtpengine leaves out the padding that others want.
    var withoutLifetime: Crypto? {
        let suite = suite.uppercased(), method = "inline:"
        guard let bytes = Self.suites[suite], parameters.isEmpty, key.prefix(method.count).lowercased() == method, !key.contains(";") else {
            return nil
        }
        let parts = key.dropFirst(method.count).split(separator: "|", omittingEmptySubsequences: false)
        guard let bare = parts.first, parts.count <= 2, parts.dropFirst().allSatisfy(Self.isLifetime) else { return nil }
        let digits = bare.prefix { $0 != "=" }
        guard digits.utf8.count == (bytes * 4 + 2) / 3, digits.utf8.allSatisfy(Self.isBase64), bare.dropFirst(digits.count).utf8.count <= 2 else {
            return nil
        }
        let padding = String(repeating: "=", count: (3 - bytes % 3) % 3)
        return Crypto(tag: tag, suite: suite, key: "\(method)\(digits)\(padding)")
    }

    /// Packets under one key: a number or a power of two, at most 2^48 (RFC 4568, section 6.1; RFC 3711, section 9.2).
    private static func isLifetime(_ text: Substring) -> Bool {
        if text.hasPrefix("2^") { return Int(text.dropFirst(2)).map { 0 ... 48 ~= $0 } == true && text.dropFirst(2).utf8.allSatisfy(isDigit) }
        return UInt64(text).map { 1 ... (1 << 48) ~= $0 } == true && text.utf8.allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0") ... UInt8(ascii: "9") ~= byte }

    private static func isBase64(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a") ... UInt8(ascii: "z") ~= byte | 0x20 || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
    }
}

/// The text of these bytes (RFC 4648, section 4).
private func base64(_ bytes: ArraySlice<UInt8>) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    var rest = bytes
    while !rest.isEmpty {
        let group = rest.prefix(3)
        rest = rest.dropFirst(3)
        let bits = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
        for place in 0 ... group.count { text.append(digits[Int(bits >> UInt32(18 - 6 * place) & 63)]) }
        text += String(repeating: "=", count: 3 - group.count)
    }
    return text
}
