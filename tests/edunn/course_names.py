"""The names of the course's library: its modules, what they have, and the arguments in order.

A module, a colon, then its functions, classes and ``Class.method``s with their arguments. Layers
have ``forward(x)`` and ``backward(δEδy)`` besides. What is left out on purpose is in
docs/differences.md.
"""

NAMES = """
edunn.datasets: get_classification_names() get_regression_names() load(dataset_name,loaders,title)
  load_classification(dataset_name,onehot) load_regression(dataset_name)
  load_sequence_generation(dataset_name) shuffle_dataset(x,y)
edunn.datasets.classification: iris() mnist() study1d() study2d() study2d_easy()
  load_classification_dataset(filename,classes)
edunn.datasets.regression: boston() houses() insurance() real_state() study1d() study2d()
  wine_red() wine_white() load_regression_dataset(filename,output_values)
edunn.datasets.sequence_generation: reddit_comments()
  load_sequence_dataset(filename,vocabulary_size)
edunn.initializers: Initializer() Initializer.create(shape) Initializer.initialize(p) Zero()
  Constant(c) RandomUniform(a) RandomNormal(std) XavierUniform() XavierNormal() KaimingUniform()
  KaimingNormal()
edunn.metrics: accuracy(y_true,y_pred) rmse(y_true,y_pred) mae(y_true,y_pred)
  precision(y_true,y_pred) recall(y_true,y_pred) fscore(y_true,y_pred) confusion(y_true,y_pred)
  classification_summary(y_true,y_pred) classification_summary_onehot(y_true,y_pred)
  regression_summary(y_true,y_pred) check_label_array(y) check_binary(y)
edunn.model: Model.set_phase(phase) Model.n_parameters() Model.get_parameters() Model.get_cache()
  ModelWithParameters(name) ModelWithParameters.register_parameter(name,value)
  ModelWithoutParameters(name)
edunn.models.activations: erf(x) normal_pdf(x,mean,std) Softmax.backward_sample(δEδy,y)
edunn.models.convolution: conv2d_forward(w,x,strides,pad_size) dilate2d(x,dilation)
  conv2d_backward_x(w,x,input_x,strides,pad_size) conv2d_backward_w(w,x,input_w,strides,pad_size)
  pad2d(x,pad_size) is_odd(x)
edunn.models.cross_entropy_error: log_softmax(x)
edunn.models.fake: FakeModel(parameter,gradient,name) FakeError(error,derivative_value,name)
  FakeError.forward(y,y_true) FakeError.backward(δE)
edunn.models.pooling: conv2d_forward(x,func,stride,pool_size)
  conv2d_backward_max(dy,x,stride,pool_size) conv2d_backward_avg(dy,x,stride,pool_size)
edunn.models.sequential: Sequential.generate_parameter_name(l,parameter_name)
  Sequential.merge_gradients(m_i,δEδp_i,δEδp) Sequential.summary()
edunn.optimizer: all_equal(list) batch_arrays(batch_size,*arrays,shuffle)
  BatchedGradientOptimizer(batch_size,epochs,shuffle)
  BatchedGradientOptimizer.optimize(model,x,y,error_layer,verbose)
  BatchedGradientOptimizer.backpropagation(model,x,y_true,error_layer)
  BatchedGradientOptimizer.optimize_batch(model,δEδps,epoch,iteration)
  GradientDescent(batch_size,epochs,lr,shuffle) Optimizer.optimize(model)
  RMSprop(batch_size,epochs,lr,beta,eps,shuffle) Adam(batch_size,epochs,lr,betas,eps,shuffle)
  MomentumGD(batch_size,epochs,lr,gamma,shuffle) SignGD(batch_size,epochs,lr,eps,shuffle)
  NesterovMomentumGD(batch_size,epochs,lr,gamma,shuffle)
edunn.plot: plot_history(history,error_name,filepath) plot_model_dataset_1d(x,y,model,filepath)
  plot_model_dataset_1d_classification(x,y,model,filepath)
  plot_model_dataset_2d_classification(x,y,model,filepath,detail,title)
  regression1d_predictions(y_true,y_pred,filepath) plot_activation_function(m,range,backward)
  plot_activation_functions(models,range,backward) spines_origin(ax)
edunn.utils: onehot2labels(onehot) labels2onehot(labels,n_classes)
  numerical_gradient(f,x,δEδy,h) check_same(expected,calculated,tol,check_shape)
edunn.utils.check_gradient: common_layer(l,x_shape,samples,tolerance,break_on_error)
  squared_error(l,y_shape,samples,tolerance,break_on_error)
  cross_entropy_labels(l,y_shape,samples,tolerance,break_on_error)
  binary_cross_entropy_labels(l,batch_size,samples,tolerance,break_on_error)
  common_layer_random_sample(l,f,df,input_generator,δEδy_generator,samples,tolerance,break_on_error)
  check_gradient_numerical(f,inputs,δEδy,δEδinputs_analytic,tolerance,break_on_error)
  report_errors(δEδk_analytical,δEδk_numerical,label,x,δEδy,max_error,tolerance)
  relative_error_count(δanalytical,δnumerical,tolerance)
  common_layer_to_function(l) error_layer_to_function(l)
edunn.utils.comparisons: approximate_equals(a,b,tol) check_different(a1,a2,tol,check_shape)
  check_same(expected,calculated,tol,check_shape) check_same_shape(a1,a2)
  check_same_float(expected,calculated,title,tol) check_mean(a,mean,tol) check_std(a,std,tol)
edunn.utils.model2function: set_parameters_inplace(l,parameters) common_layer_to_function(l)
  error_layer_to_function(l)
edunn.utils.numerical_gradient: numerical_gradient(f,x,δEδy,h)
"""

#: The layers, in the file of `edunn.models` that has them. Each is in `edunn` too.
LAYERS = """
activations: Identity(name) AddConstant(value,name) MultiplyConstant(value,name) ReLU(name)
  GELU(name) Sigmoid(name) TanH(name) Softmax(name,smoothing)
batchnorm: BatchNorm(num_features,eps,gamma_initializer,beta_initializer,name)
bias: Bias(output_size,initializer,name)
convolution: Conv2d(in_channels,out_channels,kernel_size,stride,padding,bias,kernel_initializer,bias_initializer,name)
dense: Dense(input_size,output_size,activation_name,linear_initializer,bias_initializer,name)
dropout: Dropout(p,name)
flatten: Flatten(name)
linear: Linear(input_size,output_size,initializer,name)
linear_regression: LinearRegression(input_size,output_size,linear_initializer,bias_initializer,name)
logistic_regression: LogisticRegression(input_size,output_size,linear_initializer,bias_initializer,name)
pooling: MaxPool2d(kernel_size,stride,name) AvgPool2d(kernel_size,stride,name)
rnn: RNN(input_dim,output_dim,hidden_dim,bptt_truncate,kernel_initializer,name)
sequential: Sequential(layers,name)
"""  # noqa: E501

#: The losses likewise, with what their `backward` takes.
LOSSES = """
binary_cross_entropy_error: BinaryCrossEntropy(name) BinaryCrossEntropy.backward(δEδyi)
cross_entropy_error: CrossEntropyWithLabels(name) CrossEntropyWithLabels.backward(δEδyi)
  SequenceCrossEntropyWithLabels(pad_index) SequenceCrossEntropyWithLabels.backward(δEδyi)
mean_error: MeanError(sample_error,name) MeanError.backward(δE)
squared_error: SquaredError(name) SquaredError.backward(δEδEi)
"""

#: The attributes of the modules besides.
VALUES = {
    "edunn": "eps datasets initializers metrics model models optimizer plot sequential utils",
    "edunn.datasets": "basepath classification regression sequence_generation",
    "edunn.datasets.classification": "basepath classification_basepath loaders",
    "edunn.datasets.regression": "basepath regression_basepath loaders",
    "edunn.datasets.sequence_generation": "basepath classification_basepath loaders",
    "edunn.model": "Cache Phase ParameterSet Model ModelWithParameters ModelWithoutParameters",
    "edunn.models.dense": "activation_dict",
    "edunn.trainers": "Adam GradientDescent",
    "edunn.utils": "default_tol success failure",
}

#: What all layers and losses have, and what some have besides.
EVERY_LAYER = "name phase frozen cache"
ATTRIBUTES = {
    "AddConstant": "value",
    "AvgPool2d": "kernel_size stride",
    "BatchNorm": "num_features eps parameters",
    "Bias": "parameters",
    "Conv2d": "input_size output_size strides pad_size parameters",
    "Dense": "linear bias activation parameters",
    "Dropout": "p",
    "Linear": "parameters",
    "LinearRegression": "linear bias input_size output_size parameters",
    "LogisticRegression": "linear bias softmax input_size output_size parameters",
    "MaxPool2d": "kernel_size stride",
    "MeanError": "sample_error_layer",
    "MultiplyConstant": "value",
    "RNN": "input_dim output_dim hidden_dim bptt_truncate parameters",
    "Sequential": "layers",
    "SequenceCrossEntropyWithLabels": "pad_index",
    "Softmax": "smoothing",
    "TanH": "sigmoid",
}

#: What the stand-ins have.
FAKE_ATTRIBUTES = {
    "FakeModel": "parameter gradient parameters",
    "FakeError": "error derivative_value",
}

#: What the optimizers have, besides batch_size, epochs and shuffle.
OPTIMIZER_ATTRIBUTES = {
    "GradientDescent": "lr",
    "MomentumGD": "lr gamma first v",
    "NesterovMomentumGD": "lr gamma first v",
    "RMSprop": "lr beta eps first v",
    "Adam": "lr beta_1 beta_2 eps first m v",
    "SignGD": "lr eps",
}

#: What the initializers have.
INITIALIZER_ATTRIBUTES = {"Constant": "c", "RandomUniform": "a", "RandomNormal": "std"}


def entries(text: str) -> list[tuple[str, str, list[str]]]:
    """Return (module, name, arguments) for each entry of a table."""
    found = []
    module = ""
    for word in text.split():
        if word.endswith(":"):
            module = word[:-1]
        else:
            name, _, arguments = word.rstrip(")").partition("(")
            found.append((module, name, [a for a in arguments.split(",") if a]))
    return found
