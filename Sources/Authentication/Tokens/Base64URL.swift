internal import Foundation

/// Base64 in either alphabet, with padding or without (RFC 4648 sections 4 and 5).
enum Base64URL {
    static func bytes(_ text: Substring) -> [UInt8]? {
        var base64 = text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : String($0) }.joined()
        while base64.hasSuffix("=") { base64.removeLast() }
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        return Data(base64Encoded: base64).map(Array.init)
    }
}
