//! Generates the stubs from the repository's contract; `PROTOC` names protobuf's compiler.

fn main() -> std::io::Result<()> {
    let v1 = "../../../proto/edunn_serving/v1";
    let services = ["layer_service.proto"].map(|name| format!("{v1}/{name}"));
    tonic_prost_build::configure()
        .build_server(false)
        .compile_protos(&services, &["../../../proto".into()])
}
