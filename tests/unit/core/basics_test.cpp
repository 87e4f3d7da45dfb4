#include <gtest/gtest.h>

#include <tuple>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/note.h"
#include "core/expr/expr.h"
#include "core/plan/measurement.h"
#include "core/spec/kernel_name.h"
#include "core/text/csv.h"
#include "core/text/nearest.h"
#include "core/types/device_info.h"
#include "core/types/dtype.h"
#include "unit/core/fixture.h"

namespace tw {
namespace {

TEST(DType, NamesRoundTrip) {
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16, DType::f64}) {
    EXPECT_EQ(parse_dtype(name_of(dtype)), dtype);
  }
  EXPECT_EQ(parse_dtype("f33"), std::nullopt);
  EXPECT_EQ(size_of(DType::bf16), 2);
  EXPECT_EQ(size_of(DType::f64), 8);
  // float4, double4, float3, half2, short3, char
  EXPECT_EQ(alignment_of(16), 16);
  EXPECT_EQ(alignment_of(32), 16);
  EXPECT_EQ(alignment_of(12), 4);
  EXPECT_EQ(alignment_of(4), 4);
  EXPECT_EQ(alignment_of(6), 2);
  EXPECT_EQ(alignment_of(1), 1);
  EXPECT_EQ(cpp_type_of(DType::f32), "float");
}

TEST(Digest, IsXxh3Of128Bits) {
  // The value that XXH3's specification gives for the empty input.
  EXPECT_EQ(digest(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_NE(digest("a"), digest("b"));
}

TEST(Outcome, NamesRoundTrip) {
  for (int i = 0; i <= static_cast<int>(Outcome::pruned); ++i) {
    const auto outcome = static_cast<Outcome>(i);
    EXPECT_EQ(parse_outcome(name_of(outcome)), outcome);
  }
  EXPECT_EQ(parse_outcome("fine"), std::nullopt);
}

TEST(Note, IsOneLineOfWhatACompilerSays) {
  const std::string text = "first\na\033[31m\tb\nlast";
  EXPECT_EQ(note_at(text, 0), "first");
  EXPECT_EQ(note_at(text, 7), "a [31m b");
  EXPECT_EQ(note_at(text, text.size()), "last");
  EXPECT_EQ(note_at("", 0), "");
  const std::string endless = note_at(std::string(1 << 20, 'x'), 5);
  EXPECT_EQ(endless, std::string(1000, 'x') + " ...");
}

TEST(KernelName, IsQualifiedAndMayHaveArguments) {
  for (const char* name :
       {"scale", "a::b::scale", "scale<float, 2>", "a::scale<b::C<int>, (1 > 0)>", "scale<>",
        "scale<(1 << 4)>", "scale <float>", "scale<const float*>", "scale<$B, C<$D>{$E, 1}>"}) {
    EXPECT_TRUE(is_kernel_name(name)) << name;
  }
  for (const char* name : {"",
                           "a:b",
                           "::scale",
                           "scale<",
                           "scale<float",
                           "scale<float>>",
                           "scale<float> ",
                           "scale ",
                           "scale<float>::x",
                           "scale<\"a\">",
                           "scale<1>;int x",
                           "scale<a\nb>",
                           "a<1>()",
                           "2x",
                           "scale<a/*>",
                           "<int>",
                           "scale(1)",
                           "scale<(1>",
                           "scale<$>",
                           "$B",
                           "scale<A{1>"}) {
    EXPECT_FALSE(is_kernel_name(name)) << name;
  }
  EXPECT_TRUE(is_qualified_name("a::b"));
  EXPECT_FALSE(is_qualified_name("a::b<1>"));
  EXPECT_EQ(function_of("shop::ops::scale<std::pair<int, int>, 2>"), "scale");
  EXPECT_EQ(identifier_of("shop::ops::scale<float, 2>"), "shop_ops_scale_float_2");
  EXPECT_EQ(identifier_of("scale_"), "scale_");
}

TEST(KernelName, HasValues) {
  const auto twice = [](std::string_view name) { return std::string(name) + std::string(name); };
  EXPECT_EQ(with_values("scale<float, $B,($C1>2)>", twice), "scale<float, BB,(C1C1>2)>");
  EXPECT_EQ(with_values("scale", twice), "scale");
}

TEST(KernelName, ParametersAgreeInNumberAndSize) {
  using Bytes = std::vector<std::size_t>;
  EXPECT_EQ(parameter_mismatch(Bytes{8, 4}, Bytes{8, 4}), "");
  EXPECT_EQ(parameter_mismatch(Bytes{}, Bytes{}), "");
  EXPECT_EQ(parameter_mismatch(Bytes{8, 4}, Bytes{8}),
            "the kernel takes 2 parameters, it is passed 1");
  EXPECT_EQ(parameter_mismatch(Bytes{8}, Bytes{}), "the kernel takes 1 parameter, it is passed 0");
  EXPECT_EQ(parameter_mismatch(Bytes{8, 4}, Bytes{8, 8}),
            "parameter 2 of the kernel has 4 bytes, it is passed 8");
}

TEST(Measurement, MedianOfNoSamplesIsZero) {
  Measurement measurement;
  EXPECT_EQ(measurement.median_ns(), 0);
  measurement.samples_ns = {3, 1, 2};
  EXPECT_EQ(measurement.median_ns(), 2);
}

TEST(DeviceInfo, NamesAndValuesMatch) {
  const DeviceInfo info = emulated_device(90);
  const auto values = device_values(info);
  ASSERT_EQ(device_names().size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (device_names()[i] == "smem_optin") {
      EXPECT_EQ(values[i], 232448);
    }
    if (device_names()[i] == "cc") {
      EXPECT_EQ(values[i], 90);
    }
    if (device_names()[i] == "l2_bytes") {
      EXPECT_EQ(values[i], 62914560);
    }
  }
}

TEST(DeviceInfo, EmulatesFourArchitectures) {
  for (const int cc : {80, 89, 90, 120}) {
    const DeviceInfo info = emulated_device(cc);
    EXPECT_EQ(info.smem_per_sm - info.smem_optin, 1024) << cc;  // CUDA keeps this of each block
    EXPECT_EQ(info.cc, cc);
  }
  EXPECT_NE(test::error_of([] { emulated_device(70); }).find("80, 89, 90 or 120"),
            std::string::npos);
}

TEST(DeviceInfo, ArchitecturesWithWgmmaAreSpecific) {
  EXPECT_EQ(architecture_of(80), "sm_80");
  EXPECT_EQ(architecture_of(90), "sm_90a");
  EXPECT_EQ(architecture_of(120), "sm_120");
}

TEST(DeviceInfo, DatasheetGoesByTheWholeModel) {
  DeviceInfo info;
  info.model = "NVIDIA H200";
  add_datasheet(info);
  EXPECT_EQ(info.memory_bandwidth, 4.8e12);
  DeviceInfo unknown;
  unknown.model = "NVIDIA H200 Mini";
  unknown.sms = 132;
  unknown.sm_clock_mhz = 1980;
  add_datasheet(unknown);
  EXPECT_EQ(unknown.memory_bandwidth, 0);
  EXPECT_EQ(unknown.bf16_flops, 0);
}

TEST(DeviceInfo, EveryUnitsPeakIsAtTheHighestClock) {
  DeviceInfo info;
  info.model = "NVIDIA H100 80GB HBM3";
  info.sms = 132;
  info.sm_clock_mhz = 1980;
  info.bf16_flops = 989e12;  // an old recording has the peak at 1.83 GHz
  add_datasheet(info);
  EXPECT_NEAR(info.f32_flops, 66.9e12, 0.05e12);
  EXPECT_NEAR(info.tf32_flops, 535.3e12, 0.05e12);
  EXPECT_NEAR(info.bf16_flops, 1070.5e12, 0.05e12);
  info.sm_clock_mhz = 0;  // unknown: the peaks stay
  add_datasheet(info);
  EXPECT_NEAR(info.bf16_flops, 1070.5e12, 0.05e12);
  // The peaks of the datasheets, at the clocks that these assume.
  const std::tuple<const char*, int, double, double, double> sheets[] = {
      {"NVIDIA A100-SXM4-80GB", 108, 1410, 19.5e12, 312e12},
      {"NVIDIA L40S", 142, 2520, 91.6e12, 366.5e12},
      {"NVIDIA GeForce RTX 4090", 128, 2520, 82.6e12, 165.2e12},
      {"NVIDIA GeForce RTX 3090", 82, 1695, 35.6e12, 71e12},
      {"NVIDIA GeForce RTX 5090", 170, 2407, 104.8e12, 209.5e12}};
  for (const auto& [model, sms, clock, f32, bf16] : sheets) {
    DeviceInfo sheet;
    sheet.model = model;
    sheet.sms = sms;
    sheet.sm_clock_mhz = clock;
    add_datasheet(sheet);
    EXPECT_NEAR(sheet.f32_flops, f32, 0.005 * f32) << model;
    EXPECT_NEAR(sheet.bf16_flops, bf16, 0.005 * bf16) << model;
  }
}

TEST(NamesTest, AreUniqueIdentifiers) {
  Names names;
  EXPECT_EQ(names.add("m"), 0);
  EXPECT_EQ(names.add("device.cc"), 1);
  EXPECT_EQ(names.add("layout", {"nn", "nt"}), 2);
  EXPECT_EQ(names.find("device.cc"), 1);
  EXPECT_EQ(names.find("device"), std::nullopt);
  EXPECT_EQ(names.values(2), (std::vector<std::string>{"nn", "nt"}));
  EXPECT_EQ(names.size(), 3);
  for (const char* name : {"m", "", "1m", "a-b", "device.", ".cc", "a..b", "true", "a b"}) {
    EXPECT_THROW(names.add(name), Error) << name;
  }
}

TEST(NamesTest, NearestIsNearOrNothing) {
  const std::vector<std::string> known{"block_m", "block_n", "stages", "k"};
  EXPECT_EQ(nearest("block_m", known), "block_m");
  EXPECT_EQ(nearest("blockm", known), "block_m");
  EXPECT_EQ(nearest("stage", known), "stages");
  EXPECT_EQ(nearest("satges", known), "stages") << "a swap of neighbours is one edit";
  EXPECT_EQ(nearest("STAGES", known), "stages") << "case does not matter";
  EXPECT_EQ(nearest("st", known), "stages") << "only this one begins so";
  EXPECT_EQ(nearest("swizzle", known), "");
  EXPECT_EQ(nearest("x", known), "");
  EXPECT_EQ(nearest(std::string(100000, 'k'), known), "");
}

TEST(Csv, ReadsWhatItWrites) {
  const std::vector<std::string> fields{"", "plain", "a,b", "say \"hi\"", "two\nlines", "\r", " "};
  const std::string text = "\xEF\xBB\xBF" + csv_record(fields) + "\r\n1,2\r\n\"\",";
  CsvReader reader(text, "x.csv");
  std::vector<std::string> read;
  ASSERT_TRUE(reader.next(read));
  EXPECT_EQ(read, fields);
  EXPECT_EQ(reader.line(), 1u);
  ASSERT_TRUE(reader.next(read));
  EXPECT_EQ(read, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(reader.line(), 4u) << "a field had two lines, and one was empty";
  ASSERT_TRUE(reader.next(read));
  EXPECT_EQ(read, (std::vector<std::string>{"", ""}));
  EXPECT_FALSE(reader.next(read));
}

TEST(Csv, RefusesQuotesOutOfPlace) {
  for (const char* text : {"a\"b", "\"a\"b", "1,\"open", "\"a\" ,b"}) {
    CsvReader reader(text, "x.csv");
    std::vector<std::string> read;
    EXPECT_THROW(reader.next(read), Error) << text;
  }
}

}  // namespace
}  // namespace tw
