import COpenSSL
import Foundation

/// One direction of SRTP with `AES_CM_128_HMAC_SHA1_80` (RFC 3711). Who sends has fewer than 65,536 packets; who receives counts the rounds.
struct SRTPStream: Sendable {
    private let cipher: [UInt8]
    private let tag: [UInt8]
    private let salt: [UInt8]
    /// Of the packet received last: its source, its number with the rounds before it.
    private var last: (source: UInt32, index: Int)?

    /// - Parameter key: What stands behind `inline:` (RFC 4568, section 6.1): 16 bytes of master key and 14 of salt, in Base64.
    init(key: String) throws {
        guard let bytes = Data(base64Encoded: key), bytes.count == 30 else { throw HarnessError("no SRTP key: \(key)") }
        let master = [UInt8](bytes.prefix(16)), masterSalt = [UInt8](bytes.suffix(14))
        // Section 4.3.1: the label stands in the eighth byte.
        func derive(_ label: UInt8, _ count: Int) throws -> [UInt8] {
            var vector = masterSalt + [0, 0]
            vector[7] ^= label
            return try Self.cipher([UInt8](repeating: 0, count: count), master, vector)
        }
        cipher = try derive(0, 16)
        tag = try derive(1, 20)
        salt = try derive(2, 14)
    }

    /// A key for a description.
    static func makeKey() -> String { Data((0..<30).map { _ in UInt8.random(in: 0...255) }).base64EncodedString() }

    /// The packet with its payload encrypted and its tag behind it.
    func protect(_ packet: [UInt8]) throws -> [UInt8] {
        let encrypted = try transform(packet, round: 0)
        return encrypted + authentication(encrypted, round: 0)
    }

    /// The packet as it was; nil where it was not made with this key.
    mutating func unprotect(_ packet: [UInt8]) -> [UInt8]? {
        guard packet.count > 22 else { return nil }
        let encrypted = Array(packet.dropLast(10))
        let source = packet[8..<12].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }, number = Int(packet[2]) << 8 | Int(packet[3])
        let index = index(of: number, from: source), round = UInt32(index >> 16)
        guard authentication(encrypted, round: round) == Array(packet.suffix(10)) else { return nil }
        if last?.source != source || index > last?.index ?? 0 { last = (source, index) }
        return try? transform(encrypted, round: round)
    }

    /// Section 3.3.1: the one that is nearest to the last.
    private func index(of number: Int, from source: UInt32) -> Int {
        guard let last, last.source == source else { return number }
        let same = last.index & ~0xffff | number
        return [same - 0x10000, same, same + 0x10000].filter { $0 >= 0 }.min { abs($0 - last.index) < abs($1 - last.index) } ?? number
    }

    /// Section 4.1.1.
    private func transform(_ packet: [UInt8], round: UInt32) throws -> [UInt8] {
        var vector = salt + [0, 0]
        for byte in 0..<4 { vector[8 + byte] ^= UInt8(round >> (24 - 8 * byte) & 0xff) }
        for (index, byte) in packet[8..<12].enumerated() { vector[4 + index] ^= byte }
        for (index, byte) in packet[2..<4].enumerated() { vector[12 + index] ^= byte }
        return Array(packet[..<12]) + (try Self.cipher(Array(packet[12...]), cipher, vector))
    }

    private func authentication(_ packet: [UInt8], round: UInt32) -> [UInt8] {
        let bytes = packet + (0..<4).map { UInt8(round >> (24 - 8 * $0) & 0xff) }
        var code = [UInt8](repeating: 0, count: 20)
        HMAC(EVP_sha1(), tag, Int32(tag.count), bytes, bytes.count, &code, nil)
        return Array(code.prefix(10))
    }

    /// AES in counter mode with a key of 128 bits.
    private static func cipher(_ bytes: [UInt8], _ key: [UInt8], _ vector: [UInt8]) throws -> [UInt8] {
        guard let context = EVP_CIPHER_CTX_new() else { throw HarnessError("no cipher") }
        defer { EVP_CIPHER_CTX_free(context) }
        var result = [UInt8](repeating: 0, count: bytes.count), count: Int32 = 0
        guard EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), nil, key, vector) == 1,
            EVP_EncryptUpdate(context, &result, &count, bytes, Int32(bytes.count)) == 1, Int(count) == bytes.count
        else { throw HarnessError("no cipher") }
        return result
    }
}
