// swift-tools-version: 6.1
import PackageDescription

/// Strict memory and import rules that every target shares.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
]

/// For what the tests try a great deal of: as fast as in a release, with what a debug build asserts.
let fast = settings + [.unsafeFlags(["-O", "-assert-config", "Debug"], .when(configuration: .debug))]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")

let package = Package(
    name: "tern",
    products: [
        .executable(name: "tern", targets: ["tern"]),
        // The media engine, which Janus loads: libjanus_tern.so.
        .library(name: "janus_tern", type: .dynamic, targets: ["JanusPlugin"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // C libraries: module maps and shims, no logic.
        .systemLibrary(name: "CSofiaSIPFlags", pkgConfig: "sofia-sip-ua", providers: [.apt(["libsofia-sip-ua-dev"])]),
        .target(name: "CSofiaSIP", dependencies: ["CSofiaSIPFlags"]),
        .systemLibrary(name: "CUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(name: "CWebSockets", pkgConfig: "libwebsockets", providers: [.apt(["libwebsockets-dev"])]),
        .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CAres", pkgConfig: "libcares", providers: [.apt(["libc-ares-dev"])]),
        .systemLibrary(name: "CGLib", pkgConfig: "glib-2.0", providers: [.apt(["libglib2.0-dev"])]),
        .systemLibrary(name: "CSRTP", pkgConfig: "libsrtp2", providers: [.apt(["libsrtp2-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .systemLibrary(name: "CRedis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

        // The one thread, and the pure parts.
        .target(name: "EventLoop", dependencies: ["CSofiaSIP", "CUV"], swiftSettings: settings),
        .target(name: "JSON", dependencies: ["CJansson"], swiftSettings: fast),
        .target(name: "SDP", swiftSettings: fast),
        .target(name: "RTP", swiftSettings: fast),
        .target(name: "Cryptography", dependencies: ["COpenSSL"], swiftSettings: settings),
        .target(name: "SIPNames", swiftSettings: fast),
        .target(name: "LineTest", dependencies: ["JSON", "RTP", "SIPNames"], swiftSettings: settings),
        .target(name: "TLS", dependencies: ["COpenSSL", "EventLoop", logging], swiftSettings: settings),
        .target(name: "Events", dependencies: ["EventLoop", "SIPNames"], swiftSettings: settings),

        .target(name: "Version", swiftSettings: settings),

        // The media engine. Janus' headers (package janus-dev) have no .pc file; the flags reach these two targets only.
        .target(
            name: "CJanusPlugin", dependencies: ["CGLib", "CJansson"],
            cSettings: [.define("_GNU_SOURCE"), .unsafeFlags(["-I/usr/include/janus"])]
        ),
        .target(
            name: "JanusPlugin", dependencies: ["CJanusPlugin", "CSRTP", "RTP", "Version"], exclude: ["exports.map"],
            swiftSettings: settings + [.unsafeFlags(["-Xcc", "-I/usr/include/janus"])],
            linkerSettings: [
                .unsafeFlags([
                    "-static-stdlib", "-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/JanusPlugin/exports.map",
                    "-Xlinker", "-z", "-Xlinker", "nodelete", "-Xlinker", "--gc-sections",
                ]),
            ]
        ),

        // The core, and the adapters to what surrounds it.
        .target(name: "ProxyCore", dependencies: ["SDP"], swiftSettings: fast),
        .target(name: "SIP", dependencies: ["CSofiaSIP", "EventLoop", "Events", "SIPNames", "TLS", logging, metrics], swiftSettings: settings),
        .target(name: "WebSocket", dependencies: ["CWebSockets", "EventLoop", "SIPNames", "TLS", logging], swiftSettings: settings),
        .target(name: "Authentication", dependencies: ["Cryptography", "JSON", "SIPNames"], swiftSettings: settings),
        .target(
            name: "Registrar",
            dependencies: ["EventLoop", "SIPNames", logging, .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: settings
        ),
        .target(
            name: "Cluster", dependencies: ["Authentication", "CRedis", "Cryptography", "EventLoop", "JSON", "Registrar", "SIPNames", "TLS", logging],
            swiftSettings: settings
        ),
        .target(name: "Resolver", dependencies: ["CAres", "EventLoop", "SIPNames", logging], swiftSettings: settings),
        .target(name: "Janus", dependencies: ["EventLoop", "Events", "JSON", "RTP", "SIPNames", "Version", "WebSocket", logging, metrics], swiftSettings: settings),
        .target(name: "Recording", dependencies: ["EventLoop", "JSON", logging], swiftSettings: settings),
        .target(name: "BrowserAPI", dependencies: ["Authentication", "EventLoop", "Events", "JSON", "ProxyCore", "SDP", "SIPNames", "WebSocket", logging, metrics], swiftSettings: settings),

        .target(name: "Control", dependencies: ["BrowserAPI", "EventLoop", "JSON", logging], swiftSettings: settings),

        .target(
            name: "TestCalls", dependencies: ["EventLoop", "RTP", "SDP", "SIP", "SIPNames"], swiftSettings: settings
        ),

        // The rooms of the gateway, the lowest first.
        .target(
            name: "Configuration",
            dependencies: ["Authentication", "Recording", "SDP", "SIPNames", "TLS", "Version", logging, .product(name: "Yams", package: "Yams")],
            swiftSettings: settings
        ),
        .target(
            name: "Routing",
            dependencies: ["Authentication", "Configuration", "EventLoop", "Resolver", "SDP", "SIP", "SIPNames", logging],
            swiftSettings: settings
        ),
        .target(
            name: "Web", dependencies: ["BrowserAPI", "EventLoop", "JSON", "WebSocket"], resources: [.copy("Files")], swiftSettings: settings
        ),
        .target(
            name: "Media", dependencies: ["EventLoop", "Events", "JSON", "Janus", "ProxyCore", "RTP", "Recording", "SDP", "SIPNames", logging, metrics], swiftSettings: settings
        ),
        .target(
            name: "Calls",
            dependencies: [
                "Authentication", "BrowserAPI", "Cluster", "Configuration", "EventLoop", "Events", "JSON", "Janus", "LineTest", "Media", "ProxyCore", "RTP",
                "Recording", "Registrar", "Routing", "SDP", "SIP", "SIPNames", logging, metrics,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Diagnosis",
            dependencies: [
                "CMalloc", "CPostgres", "Configuration", "EventLoop", "Events", "JSON", "SIPNames", "TLS", "Version", logging, metrics,
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Gateway",
            dependencies: [
                "Authentication", "BrowserAPI", "Calls", "Cluster", "Configuration", "Control", "Diagnosis", "EventLoop", "Events", "JSON", "Janus", "Media", "ProxyCore",
                "Recording",
                "Registrar", "Routing", "SIP", "SIPNames", "TLS", "Version", "Web", "WebSocket", logging, metrics,
            ],
            swiftSettings: settings
        ),
        // What stands in the way of calls: `tern doctor`, `tern setup`.
        .target(name: "Doctor", dependencies: ["Configuration", "EventLoop", "JSON", "Resolver", "SIPNames", "TLS"], swiftSettings: settings),
        .executableTarget(
            name: "tern",
            dependencies: [
                "Configuration", "Control", "Diagnosis", "Doctor", "EventLoop", "Events", "Gateway", "JSON", "Media", "Recording", "Routing", "SIPNames", "TLS", "TestCalls",
                "Version", logging, metrics,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),

        // What the rewriting and the registrar cost: `make benchmark`.
        .target(name: "CAllocations"),
        .executableTarget(
            name: "tern-benchmarks", dependencies: ["CAllocations", "EventLoop", "JSON", "ProxyCore", "Registrar", "SDP", "Version", "WebSocket", logging],
            swiftSettings: settings
        ),

        // Tests: one target each, and the whole on real parts.
        .testTarget(name: "EventLoopTests", dependencies: ["CUV", "EventLoop"], swiftSettings: settings),
        .testTarget(name: "TestCallsTests", dependencies: ["EventLoop", "RTP", "TestCalls"], swiftSettings: settings),
        .testTarget(name: "ControlTests", dependencies: ["BrowserAPI", "Control", "EventLoop", "JSON", logging], swiftSettings: settings),
        .testTarget(
            name: "DoctorTests", dependencies: ["Configuration", "Doctor", "EventLoop", "JSON", "SIPNames", "TLS", "TestCertificates"], swiftSettings: settings
        ),
        .testTarget(name: "EventsTests", dependencies: ["EventLoop", "Events"], swiftSettings: settings),
        .testTarget(name: "JSONTests", dependencies: ["JSON"], swiftSettings: settings),
        .testTarget(name: "SIPNamesTests", dependencies: ["SIPNames", "TestRandom"], swiftSettings: settings),
        .testTarget(name: "SDPTests", dependencies: ["SDP", "TestRandom"], resources: [.copy("Corpus")], swiftSettings: settings),
        .testTarget(name: "RTPTests", dependencies: ["RTP"], swiftSettings: settings),
        .testTarget(name: "LineTestTests", dependencies: ["JSON", "LineTest", "RTP"], swiftSettings: settings),
        .target(name: "CSofiaSDP", dependencies: ["CSofiaSIPFlags"], path: "Tests/CSofiaSDP"),
        .testTarget(
            name: "ProxyCoreTests", dependencies: ["ProxyCore", "SDP", "CSofiaSDP", "TestRandom"], resources: [.copy("Corpus")], swiftSettings: settings
        ),
        .testTarget(name: "CryptographyTests", dependencies: ["COpenSSL", "Cryptography", "TestCertificates"], swiftSettings: settings),
        .testTarget(name: "AuthenticationTests", dependencies: ["Authentication", "TestCertificates", "TestRandom"], swiftSettings: settings),
        .executableTarget(
            name: "registrar-writer", dependencies: ["EventLoop", "Registrar", logging], path: "Tests/registrar-writer", swiftSettings: settings
        ),
        .testTarget(
            name: "RegistrarTests",
            dependencies: ["EventLoop", "Registrar", "registrar-writer", logging, .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: settings
        ),
        .target(name: "TestRedis", path: "Tests/TestRedis", swiftSettings: settings),
        .testTarget(
            name: "ClusterTests", dependencies: ["Authentication", "Cluster", "EventLoop", "Registrar", "SIPNames", "TLS", "TestCertificates", "TestRedis", logging],
            swiftSettings: settings
        ),
        .testTarget(name: "ResolverTests", dependencies: ["Resolver", "EventLoop", "SIPNames", "TestRandom"], swiftSettings: settings),
        .target(name: "TestPostgres", path: "Tests/TestPostgres", swiftSettings: settings),
        .target(name: "TestRandom", path: "Tests/TestRandom", swiftSettings: settings),
        .target(name: "TestCertificates", dependencies: ["COpenSSL"], path: "Tests/TestCertificates", swiftSettings: settings),
        .testTarget(name: "TLSTests", dependencies: ["TLS", "EventLoop", "TestCertificates", logging], swiftSettings: settings),
        .testTarget(name: "SIPTests", dependencies: ["SIP", "SIPNames", "EventLoop", "Events", "JSON", "RTP", "SDP", "TestCertificates", "TestRandom", "TLS"], swiftSettings: settings),
        .testTarget(name: "WebSocketTests", dependencies: ["WebSocket", "SIPNames", "EventLoop", "TestCertificates", "TLS"], swiftSettings: settings),
        .testTarget(
            name: "JanusTests", dependencies: ["CSRTP", "Janus", "EventLoop", "JSON", "RTP", "SIPNames", "WebSocket", logging, "TestRandom"],
            exclude: ["Support/webrtc-peer.py"], swiftSettings: settings
        ),
        .testTarget(name: "RecordingTests", dependencies: ["Recording", "EventLoop", "JSON", "tern", logging, "TestRandom"], swiftSettings: settings),
        .testTarget(name: "BrowserAPITests", dependencies: ["Authentication", "BrowserAPI", "EventLoop", "JSON", "ProxyCore", "SDP", "WebSocket", logging], swiftSettings: settings),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["Authentication", "Configuration", "SDP", "SIPNames", "TLS", "TestCertificates", logging],
            swiftSettings: settings
        ),
        .testTarget(
            name: "RoutingTests", dependencies: ["Configuration", "EventLoop", "Resolver", "Routing", "SIP", "SIPNames", "TestCertificates"], swiftSettings: settings
        ),
        .testTarget(name: "WebTests", dependencies: ["Authentication", "BrowserAPI", "EventLoop", "JSON", "Version", "Web", "WebSocket"], swiftSettings: settings),
        .testTarget(
            name: "MediaTests", dependencies: ["EventLoop", "Janus", "Media", "ProxyCore", "Recording", "SDP", "SIPNames", "TestRandom", logging], swiftSettings: settings),
        .testTarget(
            name: "CallsTests",
            dependencies: [
                "Authentication", "BrowserAPI", "Calls", "Cluster", "Configuration", "EventLoop", "Events", "JSON", "Media", "ProxyCore", "Recording", "Registrar", "Routing",
                "SDP", "SIP", "SIPNames", "TestCertificates", "TestRandom", "Web", "WebSocket", logging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "DiagnosisTests",
            dependencies: [
                "Configuration", "Diagnosis", "EventLoop", "Events", "JSON", "SIPNames", "TestCertificates", "TestPostgres", "TestRandom", logging, metrics,
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Authentication", "BrowserAPI", "Calls", "Cluster", "Configuration", "Diagnosis", "EventLoop", "Events", "Gateway", "JSON", "Media", "Registrar", "Routing",
                "SIPNames", "TLS", logging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: ["Authentication", "COpenSSL", "Control", "Cryptography", "EventLoop", "JSON", "SDP", "TestCertificates", "TestPostgres", "TestRandom", "TestRedis", "WebSocket"],
            exclude: ["Harness/aiortc-client.py", "Harness/forward-into.py", "Harness/hep3.lua", "Harness/page-check.js", "Harness/admin-answers.js", "RealWorld", "Torture", "durations"],
            swiftSettings: settings
        ),
    ]
)
