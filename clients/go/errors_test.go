package edunn_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	edunn "github.com/edunn/edunn-serving/clients/go"
)

// failWith returns the error of a call that the service answers so.
func failWith(t *testing.T, answer answerer) *edunn.Error {
	t.Helper()
	server := newScriptedServer(t)
	server.next("GetSession", answer)
	once := edunn.WithRetryPolicy(edunn.RetryPolicy{Attempts: 1})
	_, err := connect(t, server.address, once).GetSession(t.Context(), "s1")
	var failure *edunn.Error
	if !errors.As(fmt.Errorf("wrapped: %w", err), &failure) {
		t.Fatalf("got %v", err)
	}
	return failure
}

func TestDetailsBecomeFields(t *testing.T) {
	t.Parallel()
	failure := failWith(t, refuse(refusal(codes.InvalidArgument, "BAD", 1500*time.Millisecond,
		edunn.Violation{Field: "layer.config.p", Description: "0 <= p < 1"})))
	delay := 1500 * time.Millisecond
	for _, pair := range [][2]any{
		{failure.Code, codes.InvalidArgument},
		{failure.Reason, edunn.Reason("BAD")},
		{failure.Message, "no"},
		{failure.Violations, []edunn.Violation{{"layer.config.p", "0 <= p < 1"}}},
		{failure.RetryDelay, &delay},
		{failure.Metadata, map[string]string{"layer": "l1"}},
		{failure.Error(), "edunn: no; layer.config.p: 0 <= p < 1 [BAD]"},
		{status.Code(failure), codes.InvalidArgument},
		{len(status.Convert(failure).Details()), 3},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("got %v, expected %v", pair[0], pair[1])
		}
	}
}

func TestAStatusWithoutDetailsWillDo(t *testing.T) {
	t.Parallel()
	failure := failWith(t, plain(codes.Unauthenticated))
	if failure.Reason != "" || failure.RetryDelay != nil || failure.Message != "plain" {
		t.Errorf("got %+v", failure)
	}
	if !errors.Is(failure, edunn.ErrUnauthenticated) || errors.Is(failure, edunn.ErrUnavailable) {
		t.Errorf("%v is known as another", failure)
	}
	if text := failure.Error(); text != "edunn: plain [UNAUTHENTICATED]" {
		t.Errorf("got %q", text)
	}
}

func TestDetailsThatAreNoneAreLeftOut(t *testing.T) {
	t.Parallel()
	failure := failWith(t, func(ctx context.Context, _ any) (any, error) {
		must(t, grpc.SetTrailer(ctx, metadata.Pairs("grpc-status-details-bin", "\xff\xffno status")))
		return nil, status.Error(codes.NotFound, "plain")
	})
	if failure.Code != codes.NotFound || failure.Message != "plain" {
		t.Errorf("got %v", failure)
	}
}

func TestADetailOfAnUnknownKindIsLeftOut(t *testing.T) {
	t.Parallel()
	refused := status.Convert(refusal(codes.NotFound, "LAYER_NOT_FOUND", 0)).Proto()
	strange := refused.Details[0]
	refused.Details = append(refused.Details[:0:0], strange, strange)
	refused.Details[0] = &anypb.Any{TypeUrl: "type.googleapis.com/unheard.Of", Value: []byte{1}}
	failure := failWith(t, refuse(status.FromProto(refused).Err()))
	if failure.Reason != edunn.ErrLayerNotFound {
		t.Errorf("got %v", failure)
	}
}

func TestNobodyAtTheAddressIsUnavailable(t *testing.T) {
	t.Parallel()
	client := connect(t, "127.0.0.1:1", edunn.WithRetryPolicy(edunn.RetryPolicy{Attempts: 1}))
	if _, err := client.LayerTypes(t.Context()); !errors.Is(err, edunn.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if _, err := client.OpenStream(t.Context()); !errors.Is(err, edunn.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}
