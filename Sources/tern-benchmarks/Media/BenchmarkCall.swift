import EventLoop
import JSON

/// What is measured.
enum Path: String, CaseIterable {
    /// A phone that hears itself.
    case echo = "phone's echo"
    case phones = "phone to phone"
    /// A phone and a browser that returns what it gets: EchoTest in another Janus. It gets the offer without candidates, and learns them from Janus' checks of ICE.
    /// With them its own checks may succeed before Janus has the answer, and then its first ClientHello is lost; browsers repeat it after 50 ms,
    /// EchoTest after a second.
    case browser = "phone to browser"
}

/// Where calls go, and from where.
@LoopActor
struct CallSite {
    let janus: JanusConnection
    /// The Janus whose EchoTest is the browser.
    let browsers: JanusConnection
    let phones: Phones
    /// The addresses of Janus and of the phones.
    let address, phoneAddress: String

    /// What a phone offers or answers.
    fileprivate var plain: String {
        "v=0\r\no=- 1 1 IN IP4 \(phoneAddress)\r\ns=-\r\nc=IN IP4 \(phoneAddress)\r\nt=0 0\r\n"
            + "m=audio \(phones.port) RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
    }
}

/// A call that stands: media flow until its end.
@LoopActor
struct BenchmarkCall {
    let handles: [PluginHandle]
    /// The numbers of its phones.
    let phones: [UInt32]

    /// Ends it.
    ///
    /// - Returns: What its phones counted.
    func end(at site: CallSite) async -> [Phones.Count] {
        let counts = phones.map { site.phones.remove($0) }
        for handle in handles { await handle.detach() }
        return counts
    }

    fileprivate init(_ handles: [PluginHandle], to ports: [Int], at site: CallSite) {
        self.handles = handles
        phones = ports.map { site.phones.add(to: site.address, $0) }
    }
}

/// The stock plugins, as they have to be used for the same.
@LoopActor
enum StockPlugins {
    static func call(_ path: Path, at site: CallSite) async throws -> BenchmarkCall {
        let phone = try await site.janus.attach("janus.plugin.nosip")
        let offer = try await process(site.plain, "offer", on: phone)
        switch path {
        case .echo:
            let echo = try await site.janus.attach("janus.plugin.echotest")
            let answer = try await echo.message(["audio": true], offer.withoutCandidates)
            return BenchmarkCall([phone, echo], to: [try await generate(answer.description, "answer", on: phone)], at: site)
        case .phones:
            let callee = try await site.janus.attach("janus.plugin.nosip")
            let port = try await callee.message(["request": "generate"], offer.withoutCandidates).port
            let answer = try await process(site.plain, "answer", on: callee)
            return BenchmarkCall([phone, callee], to: [try await generate(answer.sdp, "answer", on: phone), port], at: site)
        case .browser:
            let browser = try await site.browsers.attach("janus.plugin.echotest")
            let answer = try await browser.message(["audio": true], offer.withoutCandidates)
            return BenchmarkCall([phone, browser], to: [try await generate(answer.description, "answer", on: phone)], at: site)
        }
    }

    private static func process(_ sdp: String, _ type: String, on handle: PluginHandle) async throws -> Description {
        let answer = try await handle.message(["request": "process", "type": .string(type), "sdp": .string(sdp)])
        guard let sdp = answer.description else { throw BenchmarkFailure(description: "process gave no description") }
        return Description(type: type, sdp: sdp)
    }

    /// - Returns: The port for RTP.
    private static func generate(_ sdp: String?, _ type: String, on handle: PluginHandle) async throws -> Int {
        guard let sdp else { throw BenchmarkFailure(description: "no description to generate from") }
        return try await handle.message(["request": "generate"], Description(type: type, sdp: sdp)).port
    }
}

/// Tern's plugin, as the gateway uses it.
@LoopActor
enum EngineLegs {
    static func call(_ path: Path, at site: CallSite) async throws -> BenchmarkCall {
        let phone = try await site.janus.attach("janus.plugin.tern")
        let (leg, port) = try await open(phone, at: site)
        switch path {
        case .echo:
            try await configure(phone, peer: leg, at: site)
            return BenchmarkCall([phone], to: [port], at: site)
        case .phones:
            let callee = try await site.janus.attach("janus.plugin.tern")
            let (other, otherPort) = try await open(callee, at: site)
            try await configure(phone, peer: other, at: site)
            try await configure(callee, peer: leg, at: site)
            return BenchmarkCall([phone, callee], to: [port, otherPort], at: site)
        case .browser:
            let handle = try await site.janus.attach("janus.plugin.tern")
            guard let other = try await handle.message(["request": "attach"]).data["leg"]?.intValue,
                let offer = try await handle.message(["request": "give", "type": "offer", "sdp": .string(offer)]).description
            else { throw BenchmarkFailure(description: "no offer of a leg") }
            let browser = try await site.browsers.attach("janus.plugin.echotest")
            guard let answer = try await browser.message(["audio": true], Description(type: "offer", sdp: offer).withoutCandidates).description else {
                throw BenchmarkFailure(description: "the browser gives no answer")
            }
            try await configure(phone, peer: other, at: site)
            try await configure(handle, peer: leg)
            try await handle.message(["request": "take"], Description(type: "answer", sdp: answer))
            return BenchmarkCall([phone, handle, browser], to: [port], at: site)
        }
    }

    private static let offer =
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
        + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 127.0.0.1\r\na=mid:0\r\na=rtcp-mux\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"

    private static func open(_ handle: PluginHandle, at site: CallSite) async throws -> (leg: Int, port: Int) {
        let data = try await handle.message(["request": "open", "address": .string(site.address), "media": ["audio"]]).data
        guard let leg = data["leg"]?.intValue, let port = data["audio"]?["port"]?.intValue else {
            throw BenchmarkFailure(description: "open gave no port")
        }
        return (leg, port)
    }

    private static func configure(_ handle: PluginHandle, peer: Int, at phones: CallSite? = nil) async throws {
        var medium: [String: JSONValue] = [
            "kind": "audio", "mindex": 0, "receive": true, "send": true, "payloads": [["type": 0, "codec": "pcmu", "clock": 8_000]],
        ]
        if let phones {
            let port = Int(phones.phones.port)
            medium["remote"] = [
                "address": .string(phones.phoneAddress), "port": .integer(port), "rtcp_port": .integer(port + 1), "rtcp_mux": false, "hidden": false,
            ]
        }
        try await handle.message(["request": "configure", "peer": .integer(peer), "media": [.object(medium)]])
    }
}

extension PluginHandle.Answer {
    /// That of the audio line in NoSIP's answer.
    fileprivate var port: Int {
        get throws {
            guard let line = data["result"]?["sdp"]?.stringValue?.split(separator: "\r\n").first(where: { $0.hasPrefix("m=audio ") }),
                let port = Int(line.split(separator: " ")[1]), port > 0
            else { throw BenchmarkFailure(description: "generate gave no port") }
            return port
        }
    }
}
