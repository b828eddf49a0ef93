package edunn

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/edunn/edunn-serving/clients/go/edunnpb"
)

// DatasetInfo is a data set that trainings can use: inputs, and for each the truth.
type DatasetInfo struct {
	// Name is how a [TrainingSpec] names it.
	Name string
	// X describes the inputs, Y the labels or numbers, as many as there are inputs.
	X, Y ArraySpec
	// Bytes are those of both arrays.
	Bytes int64
	// Digest is a SHA-256 of types, shapes and elements, in hexadecimal digits.
	Digest string
	// Bundled tells whether the service brings it.
	Bundled bool
	// CreateTime is when it was uploaded; zero if the service brings it.
	CreateTime time.Time
}

// ArraySpec is an array without its elements.
type ArraySpec struct {
	// DataType says what the elements are.
	DataType DataType
	// Shape is the size of each axis, outermost first.
	Shape []int
}

// String shows the data set, such as "digits: x float64[1797 64], y int64[1797]".
func (d DatasetInfo) String() string { return fmt.Sprintf("%s: x %v, y %v", d.Name, d.X, d.Y) }

// String shows data type and shape, such as "float64[2 3]".
func (a ArraySpec) String() string { return fmt.Sprintf("%s%v", a.DataType, a.Shape) }

// UploadOption says something about a data set to upload.
type UploadOption func(*edunnpb.DatasetHeader)

// WithReplace replaces another data set of the same name, which is an error otherwise.
func WithReplace() UploadOption {
	return func(header *edunnpb.DatasetHeader) { header.Replace = true }
}

// UploadDataset stores a data set at the service, for trainings: the inputs, and labels or numbers
// for each of them. Elements that the service has are not sent again.
func (c *Client) UploadDataset(
	ctx context.Context, name string, x, y AnyTensor, options ...UploadOption,
) (DatasetInfo, error) {
	var arrays [2]*edunnpb.Tensor
	for at, array := range []AnyTensor{x, y} {
		field := []string{"x", "y"}[at]
		if isNil(array) {
			return DatasetInfo{}, invalid(field, "is nil")
		}
		message, err := array.encode(field)
		if err != nil {
			return DatasetInfo{}, err
		}
		arrays[at] = message
	}
	header := &edunnpb.DatasetHeader{Name: name, X: specOf(arrays[0]), Y: specOf(arrays[1])}
	for _, option := range options {
		option(header)
	}
	stored, err := c.Datasets(ctx)
	if err != nil {
		return DatasetInfo{}, err
	}
	// A digest takes its time, so there is one only where the service may have the elements.
	if slices.ContainsFunc(stored, func(info DatasetInfo) bool { return info.isLike(header) }) {
		header.Digest = digest(arrays)
	}
	response, err := upload(ctx, c, "UploadDataset", c.trainings.UploadDataset,
		datasetParts(header, arrays))
	if err != nil {
		return DatasetInfo{}, err
	}
	return decodeDataset(response.GetDataset()), nil
}

// Datasets returns the caller's data sets and those that the service brings, by name.
func (c *Client) Datasets(ctx context.Context) ([]DatasetInfo, error) {
	response, err := call(ctx, c, c.trainings.ListDatasets, &edunnpb.ListDatasetsRequest{},
		repeatable)
	if err != nil {
		return nil, err
	}
	return each(response.GetDatasets(), decodeDataset), nil
}

// DeleteDataset removes a data set of the caller's.
func (c *Client) DeleteDataset(ctx context.Context, name string) error {
	// After a repetition the name is not found, which would be an error.
	_, err := call(ctx, c, c.trainings.DeleteDataset, &edunnpb.DeleteDatasetRequest{Name: name},
		onlyOnce)
	return err
}

func datasetParts(
	header *edunnpb.DatasetHeader, arrays [2]*edunnpb.Tensor,
) iter.Seq[*edunnpb.UploadDatasetRequest] {
	return func(yield func(*edunnpb.UploadDatasetRequest) bool) {
		if !yield(&edunnpb.UploadDatasetRequest{
			Part: &edunnpb.UploadDatasetRequest_Header{Header: header},
		}) {
			return
		}
		for chunk := range slices.Chunk(arrays[0].GetData(), chunkBytes) {
			part := &edunnpb.UploadDatasetRequest_X{X: chunk}
			if !yield(&edunnpb.UploadDatasetRequest{Part: part}) {
				return
			}
		}
		for chunk := range slices.Chunk(arrays[1].GetData(), chunkBytes) {
			part := &edunnpb.UploadDatasetRequest_Y{Y: chunk}
			if !yield(&edunnpb.UploadDatasetRequest{Part: part}) {
				return
			}
		}
	}
}

// digest returns the digest that the contract describes.
func digest(arrays [2]*edunnpb.Tensor) string {
	hash := sha256.New()
	for at, array := range arrays {
		shape := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(array.GetShape())), ","), "[]")
		fmt.Fprintf(hash, "%s %d %s\n", []string{"x", "y"}[at], array.GetDataType(), shape)
	}
	for _, array := range arrays {
		hash.Write(array.GetData())
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func (d DatasetInfo) isLike(header *edunnpb.DatasetHeader) bool {
	return d.X.isLike(header.GetX()) && d.Y.isLike(header.GetY())
}

func (a ArraySpec) isLike(message *edunnpb.ArraySpec) bool {
	other := decodeArraySpec(message)
	return a.DataType == other.DataType && slices.Equal(a.Shape, other.Shape)
}

func specOf(tensor *edunnpb.Tensor) *edunnpb.ArraySpec {
	return &edunnpb.ArraySpec{DataType: tensor.GetDataType(), Shape: tensor.GetShape()}
}

func decodeArraySpec(message *edunnpb.ArraySpec) ArraySpec {
	toInt := func(length int64) int { return int(length) }
	return ArraySpec{
		DataType: decodeDataType(message.GetDataType()),
		Shape:    each(message.GetShape(), toInt),
	}
}

func decodeDataset(message *edunnpb.Dataset) DatasetInfo {
	return DatasetInfo{
		Name:       message.GetName(),
		X:          decodeArraySpec(message.GetX()),
		Y:          decodeArraySpec(message.GetY()),
		Bytes:      message.GetSizeBytes(),
		Digest:     message.GetDigest(),
		Bundled:    message.GetBundled(),
		CreateTime: timeOf(message.GetCreateTime()),
	}
}
