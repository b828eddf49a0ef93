//! A Dropout layer at the other end of a network, forward and backward, by the contract alone:
//! `cargo run -- localhost:50051`.

use edunn::{layer_service_client::LayerServiceClient, *};
use prost_types::{value::Kind, Struct, Value};

mod edunn {
    tonic::include_proto!("edunn_serving.v1");
}

fn tensor(rows: i64, values: &[f64]) -> Tensor {
    let shape = vec![rows, values.len() as i64 / rows];
    let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Tensor { data_type: DataType::Float64 as i32, shape, data }
}

fn show(name: &str, tensor: Option<Tensor>) {
    let data = tensor.expect("the service leaves no tensor out").data;
    let numbers = data.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()));
    println!("{name}: {}", numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(" "));
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).unwrap_or("localhost:50051".into());
    let mut service = LayerServiceClient::connect(format!("http://{address}")).await?;

    let p = Value { kind: Some(Kind::NumberValue(0.5)) };
    let config = Some(Struct { fields: [("p".into(), p)].into() });
    let layer =
        LayerSpec { name: "drop".into(), r#type: "Dropout".into(), config, ..Default::default() };
    let request = CreateSessionRequest { seed: Some(7), layers: vec![layer], ..Default::default() };
    let session = service.create_session(request).await?.into_inner().session.unwrap();

    let forward = ForwardRequest {
        session_id: session.session_id.clone(),
        layer: "drop".into(),
        inputs: vec![tensor(1, &[1.0, 2.0, 3.0, 4.0])],
        forward_id: "c1".into(), // As the libraries count; the mask is theirs.
        ..Default::default()
    };
    show("output", service.forward(forward).await?.into_inner().output);
    let backward = BackwardRequest {
        session_id: session.session_id.clone(),
        layer: "drop".into(),
        forward_id: "c1".into(),
        output_gradient: Some(tensor(1, &[1.0; 4])),
        ..Default::default()
    };
    show("gradient", service.backward(backward).await?.into_inner().input_gradient);
    service.delete_session(DeleteSessionRequest { session_id: session.session_id }).await?;
    Ok(())
}
