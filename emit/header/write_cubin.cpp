#include "emit/header/write_cubin.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "emit/header/emitted_texts.h"

namespace tw::header {
namespace {

constexpr const char* selection_struct = R"(// The configuration that a call runs.
struct Selection {
  CUresult status = CUDA_SUCCESS;  // what launch would return before it launches anything
  const char* reason = "";         // of an error
  const char* kernel = "";
  const char* configuration = "";  // "BLOCK=256 VEC=4"
  const char* tuned_problem = "";  // the tuned problem; empty if a default runs
  bool is_exact = false;           // the tuned problem is that of the call
};

// The functions act on the current context, and may be called from several threads. Code is loaded
// at its first launch in a context. They return these errors before anything is launched:
//   CUDA_ERROR_INVALID_VALUE       the arguments are wrong: select says which
//   CUDA_ERROR_NOT_SUPPORTED       no configuration serves the arguments: select says why
//   CUDA_ERROR_NO_BINARY_FOR_GPU   no winner of a GPU of this compute capability is there
// They also return the errors of the driver. Pointers point to memory of the device, which is as
// large as the arguments say.

)";

const Form& form_of(const GpuModel& gpu, int form) {
  return gpu.model.forms[static_cast<std::size_t>(form)];
}

// A type of arguments, and the GPUs that have winners of it: indices of GPUs and of their forms.
struct Served {
  const Form* form = nullptr;
  std::vector<std::pair<int, int>> by;
};

std::vector<Served> served_of(const std::vector<GpuModel>& gpus) {
  std::vector<Served> all;
  for (std::size_t g = 0; g < gpus.size(); ++g) {
    for (std::size_t f = 0; f < gpus[g].model.forms.size(); ++f) {
      const Form& form = gpus[g].model.forms[f];
      if (form.branches.empty()) continue;
      auto at = std::find_if(all.begin(), all.end(),
                             [&](const Served& one) { return one.form->type == form.type; });
      if (at == all.end()) at = all.insert(at, Served{&form, {}});
      at->by.emplace_back(static_cast<int>(g), static_cast<int>(f));
    }
  }
  return all;
}

// Returns the name of the array of the code.
std::string code_name(int form, int branch) { return fmt::format("code_f{}_v{}", form, branch); }

// Returns an array of the bytes as words, which compilers read faster than bytes. GPUs' hosts have
// the lowest byte first.
std::string code_array(const std::string& name, const std::string& image) {
  std::string text = fmt::format("alignas(16) constexpr std::uint64_t {}[] = {{", name);
  for (std::size_t at = 0; at < image.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, image.data() + at, std::min<std::size_t>(8, image.size() - at));
    text += fmt::format("{}{:#018x},", at % 32 == 0 ? "\n    " : " ", word);
  }
  return text + "};\n";
}

std::string value_of(const Argument& argument, const std::string& number) {
  const std::string cast = fmt::format("static_cast<float>({})", number);
  if (argument.type == "__half") return fmt::format("__float2half_rn({})", cast);
  if (argument.type == "__nv_bfloat16") return fmt::format("__float2bfloat16_rn({})", cast);
  return fmt::format("static_cast<{}>({})", argument.type, number);
}

// A C++ type and an initialiser.
struct Value {
  std::string type, value;
};

// Returns the value of an argument. `first` is the index of its first integer.
Value value_of(const Argument& argument, std::size_t pass, std::size_t first) {
  using Kind = Argument::Kind;
  switch (argument.kind) {
    case Kind::tensor: {
      const std::string tensor = fmt::format("static_cast<const void*>(args.{})", argument.field);
      const std::string other = fmt::format("static_cast<const void*>(args.{})", argument.pointers);
      return {"const void*", argument.by_pointers.empty()
                                 ? tensor
                                 : fmt::format("checked::holds({}) ? {} : {}", argument.by_pointers,
                                               other, tensor)};
    }
    case Kind::epilogue:  // of an empty chain
      return {"char", "0"};
    case Kind::scalar:
      return {argument.type, value_of(argument, "args." + argument.field)};
    case Kind::literal:
      return {argument.type, value_of(argument, argument.field)};
    default:
      return {argument.type,
              value_of(argument, fmt::format("plan.pass[{}].value[{}]", pass, first))};
  }
}

// Returns the variables that hold the parameters of a pass: argument_0, argument_1, ... A struct
// has the members of the kernel's struct.
std::vector<std::string> variables_of(const Launch& launch, std::size_t pass) {
  std::vector<std::string> variables;
  std::string members, values;
  std::size_t at = 0;
  for (std::size_t i = 0; i < launch.arguments.size(); ++i) {
    const Argument& argument = launch.arguments[i];
    const Value one = value_of(argument, pass, at);
    at += argument.integers.size();
    const std::string name = fmt::format("argument_{}", variables.size());
    if (argument.structure == 0) {
      variables.push_back(fmt::format("{} {} = {};", one.type, name, one.value));
      continue;
    }
    members += fmt::format(" {} member_{};", one.type, i);
    values += fmt::format("{}{}", values.empty() ? "" : ", ", one.value);
    const bool is_last =
        i + 1 == launch.arguments.size() || launch.arguments[i + 1].structure != argument.structure;
    if (!is_last) continue;
    variables.push_back(fmt::format("struct {{{} }} {} = {{{}}};", members, name, values));
    members.clear();
    values.clear();
  }
  return variables;
}

std::string launch_text(const Launch& launch, const std::string& code, const std::string& entry,
                        std::size_t pass) {
  std::string text = comment(launch.label, 6);
  text += fmt::format("      if (plan.pass[{}].runs) {{\n", pass);
  std::vector<std::string> addresses;
  for (const std::string& variable : variables_of(launch, pass)) {
    text += "        " + variable + "\n";
    addresses.push_back(fmt::format("&argument_{}", addresses.size()));
  }
  text +=
      fmt::format("        void* addresses[] = {{{}}};\n",
                  addresses.empty() ? "nullptr" : fmt::format("{}", fmt::join(addresses, ", ")));
  return text + fmt::format(
                    "        const CUresult status = dispatch::launch({}, {},\n"
                    "            plan.pass[{}], device, addresses, stream);\n"
                    "        if (status != CUDA_SUCCESS) return status;\n      }}\n",
                    code, string_literal(entry), pass);
}

std::string branch_text(const GpuModel& gpu, int form, int index) {
  const Branch& branch = gpu.model.branches[static_cast<std::size_t>(index)];
  const Kernel& kernel = gpu.model.kernels[static_cast<std::size_t>(branch.kernel)];
  const Binary& binary = gpu.binaries.at({form, index});
  std::string text = comment(branch.title, 4, 4);
  for (const std::string& note : branch.notes) text += comment("  " + note, 4, 4);
  text += fmt::format(
      "    case {0}: {{\n"
      "      [[maybe_unused]] const auto plan =\n"
      "          {1}::plan_of({1}::v{0}, problem, device);\n",
      index, kernel.scope);
  for (std::size_t i = 0; i < kernel.constants.size(); ++i) {
    text += fmt::format(
        "      if (const CUresult filled =\n"
        "              dispatch::fill({}, {}, args.{}, plan.pass[0].value[{}], stream);\n"
        "          filled != CUDA_SUCCESS) {{\n        return filled;\n      }}\n",
        code_name(form, index), string_literal(binary.constants[i]), kernel.constants[i].field,
        kernel.constants_at + static_cast<int>(i));
  }
  for (std::size_t i = 0; i < kernel.launches.size(); ++i) {
    text += launch_text(kernel.launches[i], code_name(form, index), binary.entries[i], i);
  }
  return text + "      return CUDA_SUCCESS;\n    }\n";
}

// Returns the members of Op that are about one type of arguments.
std::string form_text(const GpuModel& gpu, int index) {
  const Form& form = form_of(gpu, index);
  std::string text = fmt::format(
      "  static constexpr dispatch::FormFacts facts(const api::{}&) {{\n"
      "    return {{{}, {}, {}, {}, {}}};\n  }}\n",
      form.type, index, form.dtype, form.math, form.element_bytes, form.alignment);
  text += fmt::format(
      "  static CUresult run([[maybe_unused]] const api::{}& args, int branch,\n"
      "                      [[maybe_unused]] const Problem& problem,\n"
      "                      [[maybe_unused]] const Device& device,\n"
      "                      [[maybe_unused]] CUstream stream) {{\n    switch (branch) {{\n",
      form.type);
  for (const int branch : form.branches) text += branch_text(gpu, index, branch);
  return text + "    }\n    return CUDA_ERROR_NOT_SUPPORTED;\n  }\n";
}

std::string gpu_text(const GpuModel& gpu, int index) {
  const std::string scope = inner_scope(gpu.model);
  std::string text = comment(fmt::format("The winners of {}, {}.", gpu.gpu, gpu.architecture)) +
                     fmt::format("namespace {} {{\nnamespace {{\n\n", scope) +
                     fmt::format("namespace api = ::{};\n\n", gpu.model.space);
  for (const auto& [key, binary] : gpu.binaries) {
    text += fmt::format("#include \"tilewright_{}/gpu{}/{}.h\"\n", gpu.model.digest, index,
                        code_name(key.first, key.second));
  }
  text += "\nstruct Op : Selector {\n";
  for (std::size_t f = 0; f < gpu.model.forms.size(); ++f) {
    if (!gpu.model.forms[f].branches.empty()) text += form_text(gpu, static_cast<int>(f));
  }
  return wrapped(text + "};\n\n") + fmt::format("}}  // namespace\n}}  // namespace {}\n\n", scope);
}

// Returns the lines that find the tuned GPU, for the public functions.
std::string find_text(const std::vector<GpuModel>& gpus, const Served& served) {
  std::string table;
  for (const auto& [index, form] : served.by) {
    const GpuModel& gpu = gpus[static_cast<std::size_t>(index)];
    table += fmt::format("      {{{}, {}, {}}},\n", gpu.model.cc, gpu.model.sms,
                         string_literal(gpu.gpu));
  }
  return fmt::format(
      "  static constexpr inner::dispatch::TunedGpu tuned[] = {{\n{}  }};\n"
      "  const inner::dispatch::Gpu* gpu = nullptr;\n"
      "  const CUresult status = inner::dispatch::current_gpu(gpu);\n",
      table);
}

// Returns the public functions of one type of arguments.
std::string functions_text(const std::vector<GpuModel>& gpus, const Served& served) {
  std::string launches, selections;
  for (std::size_t i = 0; i < served.by.size(); ++i) {
    const GpuModel& gpu = gpus[static_cast<std::size_t>(served.by[i].first)];
    const std::string op = fmt::format("inner::{}::Op", gpu.model.scope);
    launches += fmt::format(
        "    case {}:\n      return inner::dispatch::launch_call<{}>(args, gpu->device, stream);\n",
        i, op);
    selections += fmt::format(
        "    case {}:\n      inner::dispatch::select_call<{}>(args, gpu->device, selection);\n"
        "      return selection;\n",
        i, op);
  }
  const std::string find = find_text(gpus, served);
  const std::string type = served.form->type;
  return fmt::format(
             "CUresult launch(const {}& args, CUstream stream) {{\n{}"
             "  if (status != CUDA_SUCCESS) return status;\n"
             "  switch (inner::dispatch::tuned_as(tuned, *gpu)) {{\n{}  }}\n"
             "  return CUDA_ERROR_NO_BINARY_FOR_GPU;\n}}\n\n",
             type, find, launches) +
         fmt::format(
             "Selection select(const {}& args) {{\n{}  Selection selection;\n"
             "  selection.status = status;\n"
             "  selection.reason = \"there is no current context\";\n"
             "  if (status != CUDA_SUCCESS) return selection;\n"
             "  switch (inner::dispatch::tuned_as(tuned, *gpu)) {{\n{}  }}\n"
             "  selection.status = CUDA_ERROR_NO_BINARY_FOR_GPU;\n"
             "  selection.reason = \"no winner was tuned on a GPU of this compute capability\";\n"
             "  return selection;\n}}\n\n",
             type, find, selections);
}

std::string api_text(const std::vector<GpuModel>& gpus) {
  const Model& model = gpus.front().model;
  const std::vector<Served> all = served_of(gpus);
  std::string text =
      comment(model.op + ": " + model.doc) +
      fmt::format(
          "//\n// Compile {0}.cpp into the program, with any compiler of C++17, and link libcuda\n"
          "// (-lcuda). The code of the kernels is in it, as NVRTC compiled it.\n//\n"
          "//   {1}::{4} args;\n//   args.{2} = ...;\n"
          "//   CUresult status = {1}::launch(args, stream);\n"
          "#include <cuda.h>\n"
          "#if CUDA_VERSION < 12000\n#error \"{3} needs the headers of CUDA 12 or newer\"\n#endif\n"
          "\n#include <cstdint>\n\n",
          model.op, model.space, model.dims.front().name, model.api, all.front().form->type) +
      write_name_guard(model) + open_space(model);
  for (const Choice& choice : model.choices) text += write_enum(choice);
  for (const Served& served : all) text += write_arguments(*served.form);
  text += selection_struct;
  for (const Served& served : all) {
    text += fmt::format(
        "// Starts the computation on `stream`.\n"
        "CUresult launch(const {0}& args, CUstream stream);\n"
        "// Returns the configuration that launch would run.\n"
        "Selection select(const {0}& args);\n\n",
        served.form->type);
  }
  return text + close_space(model);
}

bool takes(const std::vector<GpuModel>& gpus, const std::string& type) {
  for (const GpuModel& gpu : gpus) {
    for (const Kernel& kernel : gpu.model.kernels) {
      for (const Launch& launch : kernel.launches) {
        const auto is_it = [&](const Argument& argument) { return argument.type == type; };
        if (std::any_of(launch.arguments.begin(), launch.arguments.end(), is_it)) return true;
      }
    }
  }
  return false;
}

std::string source_text(const std::vector<GpuModel>& gpus) {
  const Model& model = gpus.front().model;
  const std::string folder = "tilewright_" + model.digest;
  std::string text = fmt::format("#include \"{}\"\n", model.api);
  if (takes(gpus, "__nv_bfloat16")) text += "\n#include <cuda_bf16.h>\n";
  if (takes(gpus, "__half")) text += "\n#include <cuda_fp16.h>\n";
  text += fmt::format("\n#include \"{}/dispatch/loader.h\"\n", folder);
  for (std::size_t g = 0; g < gpus.size(); ++g) {
    text += fmt::format("#include \"{}/gpu{}/select.h\"\n", folder, g);
  }
  text += "\n";
  for (std::size_t g = 0; g < gpus.size(); ++g) text += gpu_text(gpus[g], static_cast<int>(g));
  text += open_space(model) + fmt::format("namespace inner = ::tw_{};\n\n", model.digest);
  for (const Served& served : served_of(gpus)) text += functions_text(gpus, served);
  return text + close_space(model);
}

}  // namespace

Texts write_cubin_files(const std::vector<GpuModel>& gpus) {
  const Model& model = gpus.front().model;
  const std::string folder = "tilewright_" + model.digest + "/";
  std::string notice;
  for (const GpuModel& gpu : gpus) notice += write_notice(gpu.model);
  notice += write_license();
  Texts files;
  files[model.api] = notice + guarded(api_text(gpus), guard_of(model.api, model.digest));
  files[model.op + ".cpp"] = notice + source_text(gpus);
  const Renaming of_ours{model.digest, {"tw"}};
  const Texts& parts = emitted_parts();
  for (const char* name : {"checked", "choose", "forecast", "launch_limits", "limits", "loader",
                           "selection", "tensor_map"}) {
    const std::string path = fmt::format("dispatch/{}.h", name);
    files[folder + path] = write_license() + renamed_source(path, parts, of_ours);
  }
  for (std::size_t g = 0; g < gpus.size(); ++g) {
    const std::string path = fmt::format("gpu{}/", g);
    std::string select = write_select(gpus[g].model);
    const std::string include = "#include \"selection.h\"";
    select.replace(select.find(include), include.size(), "#include \"../dispatch/selection.h\"");
    files[folder + path + "select.h"] =
        write_license() + guarded(select, guard_of(path + "select.h", model.digest));
    for (const auto& [key, binary] : gpus[g].binaries) {
      const std::string name = code_name(key.first, key.second);
      const Branch& branch = gpus[g].model.branches[static_cast<std::size_t>(key.second)];
      files[folder + path + name + ".h"] =
          comment(fmt::format("A cubin for {}: {}", gpus[g].architecture, branch.title)) +
          code_array(name, binary.image);
    }
  }
  return files;
}

}  // namespace tw::header
