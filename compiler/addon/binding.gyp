{
  "targets": [
    {
      "target_name": "bpftime",
      "sources": [
        "src/module.cc",
        "src/request.cc",
        "src/contain.cc",
        "src/target.cc",
        "src/plan.cc",
        "src/runtime.cc",
        "src/compile.cc",
        "src/kernel.cc",
        "src/kernel-verify.cc"
      ],
      "include_dirs": [
        "<!(node settings.mjs include)",
        "<!(node -p \"require('node-addon-api').include_dir\")"
      ],
      "defines": [
        "NAPI_DISABLE_CPP_EXCEPTIONS",
        "NAPI_VERSION=8",
        "_GNU_SOURCE",
        "__STDC_CONSTANT_MACROS",
        "__STDC_FORMAT_MACROS",
        "__STDC_LIMIT_MACROS"
      ],
      "cflags": ["-O2", "-fvisibility=hidden", "-ffunction-sections", "-fdata-sections", "-Wno-unused-parameter", "-Wno-deprecated-declarations"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-fno-rtti"],
      "cflags_cc": ["-std=c++17", "-fno-exceptions", "-fvisibility-inlines-hidden"],
      "ldflags": [
        "-Wl,--version-script=<(module_root_dir)/exports.map",
        "-Wl,--gc-sections",
        "-Wl,--strip-all",
        "-Wl,--exclude-libs,ALL"
      ],
      "libraries": ["<!@(node settings.mjs libraries)"]
    }
  ]
}
