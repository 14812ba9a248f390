"""The words of the policy: what each module gives, and which names have no place in a kernel.

Modules give what is listed, because a list of what is dangerous in them would never end.
NumPy and `math` give everything except what is listed: honest kernels use too much of them.
"""

NUMBERS = {
    *("boolean", "bool_", "int8", "int16", "int32", "int64", "intc", "intp", "uint8", "uint16", "uint32"),
    *("uint64", "uintp", "float32", "float64", "complex64", "complex128", "void", "none"),
}
TYPES_OF_NUMBA = {
    *NUMBERS,
    *("Any", "Array", "BaseTuple", "Boolean", "CPointer", "DictType", "Float", "Integer", "IntegerLiteral"),
    *("List", "ListType", "NamedTuple", "NamedUniTuple", "Number", "Omitted", "Optional", "StringLiteral"),
    *("Tuple", "Type", "UniTuple", "float16", "literal", "unliteral", "voidptr"),
}

GIVES_ONLY = {
    "__future__": {"annotations"},
    "collections": {"abc"},
    "collections.abc": {"Callable", "Iterable", "Iterator", "Mapping", "Sequence"},
    "dataclasses": {"dataclass", "field", "replace"},
    "llvmlite": {"ir"},
    "llvmlite.binding": {"get_host_cpu_features", "get_host_cpu_name"},
    "llvmlite.ir": {
        *("ArrayType", "Constant", "DoubleType", "FloatType", "Function", "FunctionType", "HalfType"),
        *("IntType", "IRBuilder", "LiteralStructType", "PointerType", "Type", "Undefined", "Value"),
        *("VectorType", "VoidType"),
    },
    "numba": {
        *NUMBERS,
        *("carray", "core", "extending", "farray", "from_dtype", "jit", "literal_unroll"),
        *("literally", "njit", "typed", "typeof", "types", "vectorize"),
    },
    "numba.core": {"cgutils", "types"},
    "numba.core.cgutils": {
        *("alloca_once", "alloca_once_value", "bool_t", "cbranch_or_continue", "create_constant_array"),
        *("create_struct_proxy", "early_exit_if", "false_bit", "for_range", "for_range_slice", "gep"),
        *("gep_inbounds", "get_item_pointer", "get_item_pointer2", "get_null_value"),
        *("get_or_insert_function", "global_constant", "if_likely", "if_unlikely", "if_zero", "ifnot"),
        *("increment_index", "int8_t", "int32_t", "intp_t", "is_false", "is_null", "is_true", "loop_nest"),
        *("memcpy", "memset", "pack_array", "pack_struct", "pointer_add", "raw_memcpy", "raw_memmove"),
        *("sizeof", "true_bit", "unpack_tuple", "voidptr_t"),
    },
    "numba.core.types": TYPES_OF_NUMBA,
    "numba.extending": {"intrinsic", "overload", "overload_method", "register_jitable"},
    "numba.typed": {"Dict", "List"},
    "numba.types": TYPES_OF_NUMBA,
    "numpy.fft": {"fft", "fftfreq", "ifft", "irfft", "rfft"},
    "numpy.lib": {"stride_tricks"},
    # as_strided, its neighbour, reaches past an array
    "numpy.lib.stride_tricks": {"sliding_window_view"},
    "numpy.linalg": {"cholesky", "det", "eigh", "inv", "lstsq", "norm", "pinv", "qr", "solve", "svd"},
    # the functions of numpy.random share one state, which outlives a call
    "numpy.random": {"Generator", "default_rng"},
    "numpy.typing": {"ArrayLike", "DTypeLike", "NDArray"},
    "typing": {
        *("Any", "Callable", "ClassVar", "Final", "Generic", "Iterable", "Iterator", "Literal", "Mapping"),
        *("NamedTuple", "Optional", "Protocol", "Self", "Sequence", "Tuple", "TYPE_CHECKING", "TypeAlias"),
        *("TypeVar", "Union", "cast", "overload"),
    },
}
GIVES_ALL_BUT = {
    "math": set[str](),
    "numpy": {
        # files, and submodules without an entry of their own
        *("char", "core", "emath", "fromregex", "load", "ma", "matrixlib", "polynomial", "rec", "save"),
        *("strings", "test", "testing"),
        # settings, which outlive a call; `errstate` puts them back
        *("set_printoptions", "setbufsize", "seterr", "seterrcall"),
    },
}

FORBIDDEN_NAMES = {
    *("breakpoint", "compile", "delattr", "dir", "eval", "exec", "globals", "input", "locals", "memoryview"),
    *("open", "setattr", "vars"),
}
HONEST_DUNDERS = {"__all__", "__call__", "__init__", "__len__", "__post_init__", "__slots__"}
# modules; a kernel may give its own field such a name, because no module can be had as a value
FORBIDDEN_MODULES = {
    *("builtins", "ctypeslib", "cuda", "f2py", "functools", "gc", "importlib", "inspect", "modules"),
    *("multiprocessing", "operator", "os", "pathlib", "pickle", "serialize", "socket", "subprocess", "sys"),
    *("threading", "time", "tracemalloc", "warnings"),
}
FORBIDDEN_ATTRIBUTES = {
    # stack frames, code, and attributes by computed names
    *("ag_frame", "cr_frame", "f_back", "f_builtins", "f_code", "f_globals", "f_locals", "gi_code"),
    *("gi_frame", "tb_frame", "tb_next", "CodeType", "attrgetter", "get_type_hints", "methodcaller"),
    # files and addresses through NumPy
    *("ctypes", "dump", "fromfile", "genfromtxt", "loadtxt", "memmap", "savetxt", "savez"),
    *("savez_compressed", "tofile"),
    # foreign code and threads through Numba and LLVM
    *("ExternalFunction", "ExternalFunctionPointer", "GlobalVariable", "InlineAsm", "add_dynamic_addr"),
    *("add_global_variable", "add_symbol", "asm", "cfunc", "declare_external_function", "get_c_value"),
    *("get_python_api", "inline_asm", "jit_module", "load_inline", "load_library_permanently", "load_reg"),
    *("objmode", "prange", "pyapi", "set_num_threads", "store_reg"),
}
SUSPICIOUS_ATTRIBUTES = {"base", "carray", "farray", "flags", "inttoptr", "setflags"}
