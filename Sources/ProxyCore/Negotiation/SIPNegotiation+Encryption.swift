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
