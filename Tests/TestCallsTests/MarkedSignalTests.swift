import Foundation
import RTP
@testable import TestCalls
import Testing

@Suite struct MarkedSignalTests {
    /// What comes back of `seconds` of the signal: delayed, louder by `gain` dB, through G.711.
    private func echo(seconds: Int, delay: Int, gain: Double = 0, law: G711 = .aLaw, noise: Int16 = 0) -> [Int16] {
        let signal = MarkedSignal().samples
        let factor = pow(10, gain / 20)
        var random = SystemRandomNumberGenerator()
        var result = [Int16](repeating: 0, count: delay)
        for index in 0..<seconds * MarkedSignal.rate {
            let sent = law.sample(law.code(signal[index % signal.count]))
            let disturbed = Double(sent) * factor + (noise == 0 ? 0 : Double(Int16.random(in: -noise...noise, using: &random)))
            result.append(Int16(max(-32_768, min(32_767, disturbed))))
        }
        return result
    }

    @Test(arguments: [0, 40, 801, 2_407, 12_000]) func `an echo's delay is found to the millisecond`(delay: Int) throws {
        let measured = EchoMeasurement(received: echo(seconds: 6, delay: delay), sent: 6 * MarkedSignal.rate)
        let trip = try #require(measured.roundTrip)
        #expect(abs(trip - Double(delay) / 8) < 1)
        #expect(measured.roundTrips.count >= 2)
        #expect(abs(try #require(measured.levelDifference)) < 0.3)
        #expect(measured.steadyTone == nil)
    }

    @Test(arguments: [-20.0, -6, 3]) func `its level is measured`(gain: Double) throws {
        let measured = EchoMeasurement(received: echo(seconds: 6, delay: 500, gain: gain, noise: 40), sent: 6 * MarkedSignal.rate)
        #expect(abs(try #require(measured.levelDifference) - gain) < 0.5)
    }

    @Test func `noise, silence and speech-like bursts are no echo`() {
        var random = SystemRandomNumberGenerator()
        let noise = (0..<48_000).map { _ in Int16.random(in: -3_000...3_000, using: &random) }
        #expect(EchoMeasurement(received: noise, sent: 48_000).roundTrip == nil)
        #expect(EchoMeasurement(received: [Int16](repeating: 0, count: 48_000), sent: 48_000) == EchoMeasurement())
        #expect(EchoMeasurement(received: [], sent: 48_000) == EchoMeasurement())
    }

    @Test func `a milliwatt is a steady tone, and its level is measured`() throws {
        var generator = SignalGenerator(.milliwatt)
        let tone = (0..<48_000).map { _ in G711.muLaw.sample(G711.muLaw.code(generator.next())) }
        let measured = EchoMeasurement(received: tone, sent: 48_000)
        #expect(abs(try #require(measured.steadyTone)) < 0.2)
        #expect(measured.roundTrip == nil)
    }
}
