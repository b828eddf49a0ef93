// Dropout, forward and backward, by the contract alone: `build/example localhost:50051`.
#include <grpcpp/grpcpp.h>

#include <iostream>

#include "edunn_serving/v1/layer_service.grpc.pb.h"
using namespace edunn_serving::v1;

// A row of numbers. Tensors are little-endian, as this machine is taken to be.
void SetRow(Tensor& tensor, const std::vector<double>& values) {
  tensor.set_data_type(DATA_TYPE_FLOAT64);
  tensor.add_shape(1);
  tensor.add_shape(values.size());
  tensor.set_data(values.data(), values.size() * sizeof(double));
}

void Show(const char* name, const Tensor& tensor) {
  std::vector<double> values(tensor.data().size() / sizeof(double));
  tensor.data().copy(reinterpret_cast<char*>(values.data()), tensor.data().size());
  std::cout << name << ":";
  for (double value : values) std::cout << " " << value;
  std::cout << "\n";
}

void Check(const grpc::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.error_message());
}

int main(int argc, char** argv) {
  const char* address = argc > 1 ? argv[1] : "localhost:50051";
  LayerService::Stub service(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext creating, going_forward, going_back;
  CreateSessionRequest create;
  CreateSessionResponse created;
  create.set_seed(7);
  create.mutable_ttl()->set_seconds(60);  // It ends by itself.
  LayerSpec& drop = *create.add_layers();
  drop.set_name("drop");
  drop.set_type("Dropout");
  (*drop.mutable_config()->mutable_fields())["p"].set_number_value(0.5);
  Check(service.CreateSession(&creating, create, &created));

  ForwardRequest forward;
  ForwardResponse output;
  forward.set_session_id(created.session().session_id());
  forward.set_layer("drop");
  forward.set_forward_id("c1");  // As the libraries count: the mask is theirs.
  SetRow(*forward.add_inputs(), {1, 2, 3, 4});
  Check(service.Forward(&going_forward, forward, &output));
  Show("output", output.output());
  BackwardRequest backward;
  BackwardResponse gradients;
  backward.set_session_id(created.session().session_id());
  backward.set_layer("drop");
  backward.set_forward_id("c1");
  SetRow(*backward.mutable_output_gradient(), {1, 1, 1, 1});
  Check(service.Backward(&going_back, backward, &gradients));
  Show("gradient", gradients.input_gradient());
}
