// RUN: mask-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{'floor' is no function of the host}}
func.func private @no_function() attributes {a = #mask.launch_value<floor(1)>}

// -----

// expected-error@+1 {{'addi' has 2 operand(s), got 3}}
func.func private @arity() attributes {a = #mask.launch_value<addi(1, 2, 3)>}

// -----

// expected-error@+1 {{the operands of 'dim' must be constants of at least 0}}
func.func private @dynamic_dim() attributes {a = #mask.launch_value<dim(0, argument(1))>}

// -----

// expected-error@+1 {{the operands of 'argument' must be constants of at least 0}}
func.func private @negative_argument() attributes {a = #mask.launch_value<argument(-1)>}

// -----

// expected-error@+1 {{has 1 size(s), but 'memref<?x?xf32>' has 2 dynamic extent(s)}}
func.func private @sizes() attributes {a = #mask.workspace<memref<?x?xf32> sizes (7)>}

// -----

// expected-error@+1 {{a workgroup has at least 1 thread, got 0}}
func.func private @threads() attributes {a = #mask.launch<@k::@f blocks 1 threads 0 shared 0 ()>}

// -----

func.func private @alignments() attributes {
  // expected-error@+1 {{has 1 type(s), but 0 alignment(s)}}
  a = #mask.launch_record<types = [f32], alignments = [], outputs = [], checks = [], workspaces = [], steps = []>
}

// -----

func.func private @power_of_two() attributes {
  // expected-error@+1 {{an alignment must be a power of two, got 12}}
  a = #mask.launch_record<types = [memref<f32>], alignments = [12], outputs = [], checks = [], workspaces = [], steps = []>
}

// -----

func.func private @types() attributes {
  // expected-error@+1 {{must have types for 'types'}}
  a = #mask.launch_record<types = [1], alignments = [1], outputs = [], checks = [], workspaces = [], steps = []>
}

// -----

func.func private @outputs() attributes {
  // expected-error@+1 {{names argument 1 of 1}}
  a = #mask.launch_record<types = [memref<f32>], alignments = [4], outputs = [1], checks = [], workspaces = [], steps = []>
}

// -----

func.func private @checks() attributes {
  // expected-error@+1 {{must have '#mask.launch_check's for 'checks', got "no"}}
  a = #mask.launch_record<types = [], alignments = [], outputs = [], checks = ["no"], workspaces = [], steps = []>
}

// -----

func.func private @workspaces() attributes {
  // expected-error@+1 {{must have '#mask.workspace's for 'workspaces', got "no"}}
  a = #mask.launch_record<types = [], alignments = [], outputs = [], checks = [], workspaces = ["no"], steps = []>
}

// -----

func.func private @steps() attributes {
  // expected-error@+1 {{must have '#mask.launch' and '#mask.host_call' for 'steps', got "no"}}
  a = #mask.launch_record<types = [], alignments = [], outputs = [], checks = [], workspaces = [], steps = ["no"]>
}

// -----

func.func private @array_for_number() attributes {
  // expected-error@+1 {{takes argument 0, 'memref<4xf32>', for a number}}
  a = #mask.launch_record<types = [memref<4xf32>], alignments = [4], outputs = [], checks = [],
    workspaces = [], steps = [#mask.launch<@k::@f blocks addi(argument(0), 1) threads 1 shared 0 ()>]>
}

// -----

func.func private @workspace_for_number() attributes {
  // expected-error@+1 {{takes workspace 0 for a number}}
  a = #mask.launch_record<types = [], alignments = [], outputs = [], checks = [],
    workspaces = [#mask.workspace<memref<f32> sizes ()>],
    steps = [#mask.launch<@k::@f blocks 1 threads 1 shared workspace(0) ()>]>
}

// -----

func.func private @no_dimension() attributes {
  // expected-error@+1 {{names dimension 1 of argument 0, 'memref<?xf32>'}}
  a = #mask.launch_record<types = [memref<?xf32>], alignments = [4], outputs = [],
    checks = [#mask.launch_check<dim(0, 1), "never">], workspaces = [], steps = []>
}

// -----

func.func private @no_argument() attributes {
  // expected-error@+1 {{names argument 2 of 1}}
  a = #mask.launch_record<types = [index], alignments = [1], outputs = [], checks = [],
    workspaces = [#mask.workspace<memref<?xf32> sizes (argument(2))>], steps = []>
}

// -----

func.func private @number_for_array() attributes {
  // expected-error@+1 {{hands a number over for 'memref<f32>'}}
  a = #mask.launch_record<types = [], alignments = [], outputs = [], checks = [], workspaces = [],
    steps = [#mask.host_call<@f (7 : memref<f32>)>]>
}

// -----

func.func private @no_workspace() attributes {
  // expected-error@+1 {{names workspace 0 of 0}}
  a = #mask.launch_record<types = [], alignments = [], outputs = [], checks = [], workspaces = [],
    steps = [#mask.host_call<@f (workspace(0) : memref<f32>)>]>
}

// -----

// expected-error@+1 {{must be a function, and 'mask.launch_record' a '#mask.launch_record'}}
func.func private @not_a_record() attributes {mask.launch_record = 7}
