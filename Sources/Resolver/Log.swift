internal import Logging

let log = Logger(label: "tern.resolver")
