// Package edunn runs the layers of an edunn-serving service: their forward and their backward pass.
//
// A [Client] opens a [Session], names layers in it, and sends tensors forward and gradients
// backward:
//
//	client, err := edunn.NewClient("localhost:50051")
//	session, err := client.CreateSession(ctx, edunn.WithSeed(7))
//	drop, err := session.AddLayer(ctx, "drop", "Dropout", edunn.Config{"p": 0.5})
//	y, err := drop.Forward(ctx, edunn.NewTensor([]float64{1, 2, 3, 4}, 2, 2))
//	gradients, err := drop.Backward(ctx, edunn.NewTensor([]float64{1, 1, 1, 1}, 2, 2))
//
// What a backward needs to match its forward, a Dropout mask above all, stays in the session.
//
// Goroutines may share everything in this package. Two of them that share a [Layer] share its
// latest forward too: each should then say which forward a backward belongs to, with
// [WithForwardID].
//
// # Deadlines and retries
//
// A call whose context has no deadline gets one of 30 seconds ([WithTimeout]). The deadline
// includes all attempts: a call that failed is made again, after a random pause that grows to half a
// second ([RetryPolicy]), where that is safe. It is for what has not been sent, which waits for the
// connection; after RESOURCE_EXHAUSTED with a delay, as the service refused the call and never ran
// it; and after UNAVAILABLE, if a repetition changes nothing. Not repeated after UNAVAILABLE are
// untracked training forwards, forwards that the service names, and anything in a [Stream].
//
// So that a repeated forward never draws a second mask, the client names each forward. Whoever
// creates a session counts c1, c2, ... for each layer: the same seed and the same calls give the
// same masks. Whoever attaches to one puts a random word before the count, so that two clients of
// one session never share a name.
package edunn
