package edunn

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestConfigsTravelAsJSON(t *testing.T) {
	t.Parallel()
	type name string
	width := uint16(3)
	config := Config{
		"float": 0.5, "integer": 4, "unsigned": &width, "yes": true, "text": name("relu"),
		"none": nil, "sizes": []int{1, 2}, "mixed": []any{"a", 1.5},
		"layers": []Config{{"name": "l1", "config": map[string]int{"n": 2}}},
	}
	struct_, err := config.encode("layer.config")
	if err != nil {
		t.Fatal(err)
	}
	expected := map[string]any{
		"float": 0.5, "integer": 4.0, "unsigned": 3.0, "yes": true, "text": "relu",
		"none": nil, "sizes": []any{1.0, 2.0}, "mixed": []any{"a", 1.5},
		"layers": []any{map[string]any{"name": "l1", "config": map[string]any{"n": 2.0}}},
	}
	if got := struct_.AsMap(); !reflect.DeepEqual(got, expected) {
		t.Errorf("got %v", got)
	}
}

func TestConfigsThatCannotTravelAreRefused(t *testing.T) {
	t.Parallel()
	for field, config := range map[string]Config{
		"layer.config.n":        {"n": int64(math.MaxInt64)},
		"layer.config.u":        {"u": uint64(math.MaxUint64)},
		"layer.config.f":        {"f": func() {}},
		"layer.config.a.b":      {"a": Config{"b": make(chan int)}},
		"layer.config.s[1]":     {"s": []any{1, struct{}{}}},
		"layer.config.by_index": {"by_index": map[int]int{1: 2}},
	} {
		_, err := config.encode("layer.config")
		var failure *Error
		if !errors.As(err, &failure) || failure.Violations[0].Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	if empty, err := Config(nil).encode("layer.config"); err != nil || len(empty.GetFields()) != 0 {
		t.Errorf("got %v, %v", empty, err)
	}
}

func TestLayersWithinEachOtherHaveABound(t *testing.T) {
	t.Parallel()
	nested := func(layers int) Config {
		config := Config{"p": 0.5}
		for range layers {
			config = Config{"layers": []Config{{"type": "Sequential", "config": config}}}
		}
		return config
	}
	if _, err := nested(deepestLayers).encode("layer.config"); err != nil {
		t.Error(err)
	}
	endless := Config{}
	endless["layers"] = []any{endless}
	var itself any
	itself = &itself
	for _, config := range []Config{
		nested(deepestLayers + 1), nested(5000), endless, {"itself": itself},
	} {
		_, err := config.encode("layer.config")
		if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), "10 layers") {
			t.Errorf("got %v", err)
		}
	}
}
