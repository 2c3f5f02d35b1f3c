@testable import Recording
import Testing

@Suite("Names and manifests") struct NameTests {
    @Test("a recording is named after its session", arguments: ["", "-2", "-17"])
    func good(suffix: String) throws {
        let name = try #require(RecordingName(Sample.name + suffix))
        #expect(name.session == Sample.name && name.description == Sample.name + suffix)
    }

    @Test("nothing else is a name", arguments: [
        "", "../../etc/passwd", Sample.name + "-", Sample.name + "-x", Sample.name + "/..", Sample.name + "-2-3", Sample.name.uppercased(),
        "54c1b637-36fb-40c2-8080-28f07603cda", "54c1b637-36fb-40c2-8080-28f07603cdé", Sample.name + "-1234567890",
    ])
    func bad(text: String) { #expect(RecordingName(text) == nil) }

    @Test("a manifest comes back as it was, and is one block whatever is in it")
    func manifest() throws {
        let name = try #require(RecordingName(Sample.name))
        for layout in RecordingLayout.allCases {
            for length in [nil, 0, Int.max] {
                let manifest = RecordingManifest(name: name, layout: layout, style: .tracks, length: length, begun: length.map { $0 / 2_048 })
                #expect(RecordingManifest(name: name, text: manifest.text) == manifest)
                #expect(manifest.text.utf8.count == RecordingManifest.size)
            }
        }
        for text in ["", "{}", "[1]", #"{"version":2,"layout":"echo","video":"tracks"}"#, #"{"version":1,"layout":"../x","video":"tracks"}"#] {
            #expect(RecordingManifest(name: name, text: text) == nil)
        }
    }
}
