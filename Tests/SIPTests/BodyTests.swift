import TestRandom
import Testing

@testable import SIP

/// What a body means, without a wire.
@Suite("Bodies of several parts")
struct BodyTests {
    private static let offer = sdp("offer")

    private static func read(_ type: String?, _ body: String, disposition: String? = nil) -> SessionBody {
        SessionBody(BodyPart(
            type: type.map { ParameterizedValue($0) }, disposition: disposition.map { ParameterizedValue($0) }, isEncoded: false,
            content: Array(body.utf8)[...]))
    }

    /// A part with its header and its content.
    private static func part(_ header: String, _ content: String) -> String { "--b\r\n\(header)\r\n\r\n\(content)\r\n" }

    private static let sdpPart = part("Content-Type: application/sdp", offer)
    private static let end = "--b--\r\n"

    /// Where a description may stand.
    private static let places: [Place] = [
        Place("multipart/mixed;boundary=b", sdpPart + end),
        Place("multipart/mixed; charset=x ; boundary=\"b\"", sdpPart + end),
        Place("multipart/mixed;boundary=b", "a preamble\r\n" + part("Content-Type: application/isup\r\nContent-Disposition: signal;handling=optional", "\u{1}") + sdpPart + end + "epilogue"),
        Place("multipart/mixed;boundary=b", sdpPart),
        Place("multipart/mixed;boundary=b", "--b \t\r\nCONTENT-TYPE : Application/SDP\r\n\r\n\(offer)--b--"),
        Place("multipart/mixed;boundary=b", (sdpPart + end).replacing("\r\n--", with: "\n--").replacing("--b\r\n", with: "--b\n")),
        Place("multipart/mixed;boundary=b", "--bb\r\n--b\r\nContent-Type:\r\n application/sdp\r\n\r\n\(offer)--b--"),
        Place("multipart/alternative;boundary=b", part("Content-Type: text/plain", "Hello") + sdpPart + end),
        Place("multipart/alternative;boundary=b", sdpPart + part("Content-Type: application/sdp2", "v=7") + end),
        Place("multipart/alternative;boundary=b", part("Content-Type: application/sdp", sdp("other")) + sdpPart + end),
        Place("multipart/related;boundary=b", sdpPart + part("Content-Type: image/png", "x") + end),
        Place("multipart/signed;boundary=b", sdpPart + part("Content-Type: application/pkcs7-signature", "x") + end),
        Place("multipart/mixed;boundary=b", part("Content-Type: application/pidf+xml\r\nContent-ID: <a@b>", "<presence/>") + sdpPart + end),
        Place("multipart/mixed;boundary=b", part("Content-Type: application/pidf+xml\r\nContent-Disposition: by-reference", "<presence/>") + sdpPart + end),
        Place("multipart/mixed;boundary=b", sdpPart + part("Content-Type: application/sdp\r\nContent-Disposition: early-session;handling=optional", sdp("early")) + end),
        Place("multipart/mixed;boundary=b", sdpPart + part("Content-Type: application/sdp", sdp("second")) + end),
        Place("multipart/mixed;boundary=a", "--a\r\nContent-Type: multipart/alternative;boundary=b\r\n\r\n\(sdpPart)\(end)\r\n--a--"),
        Place(nil, offer),
        Place("application/sdp", offer),
        Place("APPLICATION/SDP;charset=utf-8", offer),
    ]

    struct Place: Sendable {
        let type: String?
        let body: String

        init(_ type: String?, _ body: String) { (self.type, self.body) = (type, body) }
    }

    @Test("the session description is found wherever it stands", arguments: places)
    func found(place: Place) {
        #expect(Self.read(place.type, place.body) == SessionBody(sdp: Self.offer))
    }

    @Test("a part that is not understood, and is not said to be optional, is refused: 415", arguments: [
        sdpPart + part("Content-Type: application/isup", "x") + end,
        sdpPart + part("Content-Type: application/isup\r\nContent-Disposition: signal;handling=required", "x") + end,
        sdpPart + part("Content-Type: application/isup\r\nContent-Disposition: signal", "x") + end,
        sdpPart + part("Content-Type: application/pidf+xml\r\nContent-ID: <a@b>\r\nContent-Disposition: render;handling=required", "x") + end,
        sdpPart + "--b\r\n\r\nplain text\r\n" + end,
        part("Content-Type: application/sdp\r\nContent-Disposition: early-session", offer) + end,
        part("Content-Type: application/sdp\r\nContent-Transfer-Encoding: base64", "dj0wDQo=") + end,
    ])
    func required(body: String) {
        #expect(Self.read("multipart/mixed;boundary=b", body).refusal?.status == 415)
    }

    @Test("what is optional and not understood is no body at all", arguments: [
        ("application/isup", "x"), ("multipart/mixed;boundary=b", part("Content-Type: text/plain", "x") + end), ("multipart/mixed", "x"),
    ])
    func optional(type: String, body: String) {
        #expect(Self.read(type, body, disposition: "signal; Handling=OPTIONAL") == SessionBody())
    }

    @Test("parts that cannot be told apart are refused: 400", arguments: [
        ("multipart/mixed", sdpPart + end), ("multipart/mixed;boundary=\"\"", "--\r\n\r\nx"), ("multipart/mixed;boundary=c", sdpPart + end),
        ("multipart/mixed;boundary=b", end), ("multipart/mixed;boundary=" + String(repeating: "b", count: 71), sdpPart + end),
    ])
    func malformed(type: String, body: String) {
        let body = Self.read(type, body)
        #expect(body.refusal?.status == 400 && body.sdp == nil)
    }

    @Test("more than 16 parts, and more than two bodies within one another, are not read")
    func bounds() {
        let junk = Self.part("Content-Type: x/y\r\nContent-Disposition: z;handling=optional", "")
        let type = "multipart/mixed;boundary=b"
        #expect(Self.read(type, String(repeating: junk, count: 15) + Self.sdpPart + Self.end) == SessionBody(sdp: Self.offer))
        #expect(Self.read(type, String(repeating: junk, count: 16) + Self.sdpPart + Self.end).refusal?.status == 413)
        var body = Self.sdpPart + Self.end, boundary = "b"
        for depth in 0..<2 {
            let outer = "o\(depth)"
            body = "--\(outer)\r\nContent-Type: multipart/mixed;boundary=\(boundary)\r\n\r\n\(body)\r\n--\(outer)--"
            boundary = outer
        }
        #expect(Self.read("multipart/mixed;boundary=\(boundary)", body).refusal?.status == 415)
    }

    @Test("a part's header of more than 4 KiB is not read")
    func longHeader() {
        let header = "X: " + String(repeating: "y", count: 5_000) + "\r\nContent-Type: application/sdp"
        let body = Self.read("multipart/mixed;boundary=b", Self.part(header, Self.offer) + Self.end)
        #expect(body.refusal?.status == 415 && body.sdp == nil)
    }

    @Test("random bytes in place of a body never trap")
    func random() {
        var numbers = SeededRandom("random bodies")
        let pieces = ["--b", "--b--", "\r\n", "\n", "\r", ":", ";", "\"", "\\", "Content-Type", "application/sdp", "multipart/mixed;boundary=b", " ", "=", "\u{0}"]
        for _ in 0..<3_000 {
            let text = (0..<Int.random(in: 0...40, using: &numbers)).map { _ in pieces.randomElement(using: &numbers) ?? "" }.joined()
            _ = Self.read("multipart/mixed;boundary=b", text)
            _ = ParameterizedValue(text)
        }
    }
}
