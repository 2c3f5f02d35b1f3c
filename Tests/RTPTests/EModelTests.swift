import Testing
@testable import RTP

@Suite struct EModelTests {
    @Test("without a fault R is the Recommendation's 93.2, and the score 4.41")
    func perfect() {
        let model = EModel(codec: .g711, loss: 0)
        #expect(abs(model.rating - 93.2) < 0.05 && abs(model.score - 4.41) < 0.005)
    }

    @Test("random loss", arguments: zip([0.01, 0.02, 0.05, 0.1], [(4.33, 3.95), (4.24, 3.79), (3.92, 3.34), (3.41, 2.75)]))
    func loss(share: Double, scores: (g711: Double, g729: Double)) {
        #expect(abs(EModel(codec: .g711, loss: share).score - scores.g711) < 0.01)
        #expect(abs(EModel(codec: .g729, loss: share).score - scores.g729) < 0.01)
    }

    @Test("delay is hardly noticed up to 150 ms, and then ever more")
    func delay() {
        let scores = [0, 50, 100, 150, 200, 300, 400, 800].map { EModel(codec: .g711, loss: 0, delay: $0).score }
        #expect(scores == scores.sorted(by: >))
        #expect(scores[3] > 4.3 && scores[4] > 4.2 && scores[5] < 3.9 && scores[6] < 3.3)
    }

    @Test("bursts are worse than the same share of random losses")
    func bursts() {
        #expect(EModel(codec: .g711, loss: 0.05, burst: 3).score < EModel(codec: .g711, loss: 0.05).score)
    }

    @Test("whatever goes in, a score comes out", arguments: [-1.0, 0, 0.5, 1, 7, .infinity])
    func extremes(value: Double) {
        for delay in [-5.0, 0, 1e9] {
            let score = EModel(codec: .g711, loss: value, burst: value, delay: delay).score
            #expect((1...4.5).contains(score))
        }
    }

    @Test("wideband: R of 129 at best, Ie,wb of the codecs, and the score of annex A of G.107.1")
    func wideband() {
        // Ie,wb of 0, 1, 8, 13, 41 and 56 by hand: R over 1.29, and the polynomial.
        for (impairment, score) in [(0.0, 4.5), (1, 4.494), (8, 4.4206), (13, 4.3371), (41, 3.5123), (56, 2.922)] {
            let model = EModel(codec: EModel.Codec(impairment: impairment, robustness: 4.3, band: .wideband), loss: 0, delay: 100)
            #expect(abs(model.rating - (129 - impairment)) < 1e-9 && abs(model.score - score) < 5e-4, "\(impairment)")
        }
        // 2 % of random losses: Ie,eff is 20 + 75 * 2 / 6.3.
        let lossy = EModel(codec: EModel.Codec(impairment: 20, robustness: 4.3, band: .wideband), loss: 0.02)
        #expect(abs(lossy.rating - (129 - 43.8095)) < 1e-3 && abs(lossy.score - 3.4062) < 5e-4)
        // Idd is that of G.107: 3.04 at 200 ms.
        let slow = EModel(codec: .g722, loss: 0, delay: 200)
        #expect(abs(116 - slow.rating - 3.04) < 0.05, "\(slow.rating)")
        #expect(EModel(codec: .opus, loss: 0).score > EModel(codec: .g722, loss: 0).score)
        #expect(EModel(codec: .g722, loss: 0).score > EModel(codec: .g729, loss: 0).score)
    }

    @Test("codecs by the names of rtpmap; none for those without figures")
    func codecs() {
        #expect(EModel.Codec(rtpmap: "pcmu") == .g711 && EModel.Codec(rtpmap: "PCMA") == .g711 && EModel.Codec(rtpmap: "G729") == .g729)
        #expect(EModel.Codec(rtpmap: "G722") == .g722 && EModel.Codec(rtpmap: "opus") == .opus && EModel.Codec(rtpmap: "iLBC") == nil)
    }
}
