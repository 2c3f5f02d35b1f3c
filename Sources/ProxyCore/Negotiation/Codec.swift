import SDP

/// The codecs that phones and browsers have in common.
public enum Codec: String, Sendable, Hashable, CaseIterable {
    case opus, g722, pcmu, pcma
    case telephoneEvent = "telephone-event"
    case vp8, h264

    /// The codec of an `a=rtpmap`; nil for any that is not carried.
    init?(_ map: RTPMap, kind: MediaKind) {
        guard let codec = Codec(rawValue: map.encoding.lowercased()), codec.kind == kind else { return nil }
        switch codec {
        // Always two, also where phones write one or none (RFC 7587, section 7).
        case .opus: guard map.clockRate == 48000, ["1", "2"].contains(map.parameters ?? "2") else { return nil }
        case .g722, .pcmu, .pcma: guard map.clockRate == 8000, (map.parameters ?? "1") == "1" else { return nil }
        case .telephoneEvent: guard map.clockRate == 8000 || map.clockRate == 48000 else { return nil }
        case .vp8, .h264: guard map.clockRate == 90000 else { return nil }
        }
        self = codec
    }

    /// The name in the spelling of its RFC; Janus knows no other.
    private var name: String {
        switch self {
        case .opus, .telephoneEvent: rawValue
        case .g722, .pcmu, .pcma, .vp8, .h264: rawValue.uppercased()
        }
    }

    /// What the codec is called under this number.
    func map(_ payloadType: UInt8, clockRate: UInt32) -> RTPMap {
        RTPMap(payloadType: payloadType, encoding: name, clockRate: clockRate, parameters: self == .opus ? "2" : nil)
    }

    var kind: MediaKind { self == .vp8 || self == .h264 ? .video : .audio }
}

/// One payload type of a medium, and the codec that it stands for.
struct Payload: Sendable, Hashable {
    var type: UInt8
    var codec: Codec
    var map: RTPMap
    var parameters: FormatParameters?

    /// Whether media in one is media in the other: the same codec, for H.264 with the same packetization too (RFC 6184, section 8.2.2).
    func matches(_ other: Payload) -> Bool {
        guard codec == other.codec, map.clockRate == other.map.clockRate else { return false }
        return codec != .h264 || packetizationMode == other.packetizationMode
    }

    var packetizationMode: String { parameters?["packetization-mode"] ?? "0" }
    var profile: String { parameters?["profile-level-id"]?.lowercased() ?? "42000a" }
}

extension MediaDescription {
    /// The payload types whose codecs are carried, each once, in the order of the line. Those that RTCP has on the same port are none
    /// (RFC 5761, section 4).
    var payloads: [Payload] {
        var maps: [UInt8: RTPMap] = [:]
        var parameters: [String: FormatParameters] = [:]
        for attribute in attributes {
            switch attribute {
            case .rtpmap(let map) where maps[map.payloadType] == nil: maps[map.payloadType] = map
            case .formatParameters(let entry) where parameters[entry.format] == nil: parameters[entry.format] = entry
            default: break
            }
        }
        var seen: Set<UInt8> = []
        return payloadTypes.compactMap { type in
            guard
                seen.insert(type).inserted, !(64 ... 95 ~= type), let map = maps[type] ?? .wellKnown(type), let codec = Codec(map, kind: kind)
            else { return nil }
            return Payload(type: type, codec: codec, map: codec.map(type, clockRate: map.clockRate), parameters: parameters[String(type)])
        }
    }
}

extension [Payload] {
    /// Whether there is more than telephone events.
    var hasMedia: Bool { contains { $0.codec != .telephoneEvent } }

    /// Without the telephone events whose clock is not that of a codec beside them (RFC 4733, section 2.1);
    /// where none has that clock they are all kept, for phones that know 8000 only.
    var withFittingTelephoneEvents: [Payload] {
        let clocks = Set(filter { $0.codec != .telephoneEvent }.map(\.map.clockRate))
        let fitting = filter { $0.codec != .telephoneEvent || clocks.contains($0.map.clockRate) }
        return fitting.contains { $0.codec == .telephoneEvent } ? fitting : self
    }

    /// With one H.264 of each packetization mode: constrained baseline where it is offered, as every video phone has it.
    var withFewH264: [Payload] {
        filter { payload in
            guard payload.codec == .h264 else { return true }
            let rivals = filter { $0.codec == .h264 && $0.packetizationMode == payload.packetizationMode }
            return payload == (rivals.first { $0.profile.hasPrefix("42e0") } ?? rivals.first)
        }
    }
}

extension MediaDescription {
    /// Leaves the telephone events that have the clock of the first codec (RFC 4733, section 2.1), where there are some: of several Chromium
    /// sends the slowest, whatever the codec. Where none has that clock all stay, for phones that know 8000 only.
    mutating func keepFittingTelephoneEvents() {
        guard kind == .audio, port != 0 else { return }
        let maps = payloadTypes.compactMap(rtpmap(for:)), events = maps.filter(\.isTelephoneEvent)
        guard let clock = maps.first(where: \.isCodec)?.clockRate, events.contains(where: { $0.clockRate == clock }) else { return }
        let others = Set(events.filter { $0.clockRate != clock }.map { String($0.payloadType) })
        formats.removeAll(where: others.contains)
        attributes.removeAll { attribute in
            switch attribute {
            case .rtpmap(let map): others.contains(String(map.payloadType))
            case .formatParameters(let parameters): others.contains(parameters.format)
            case .rtcpFeedback(let entry): others.contains(entry.format)
            default: false
            }
        }
    }
}

extension RTPMap {
    var isTelephoneEvent: Bool { encoding.lowercased() == "telephone-event" }

    /// Whether this is sound by itself: no events, no comfort noise, no redundancy.
    fileprivate var isCodec: Bool { !["telephone-event", "cn", "red"].contains(encoding.lowercased()) }
}
