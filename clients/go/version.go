package edunn

// Version is this client's, which it names to the service as "edunn-go/" and itself.
const Version = "0.2.0"
