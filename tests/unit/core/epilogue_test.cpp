#include "core/types/epilogue.h"

#include <gtest/gtest.h>

#include "core/catalog/catalog.h"
#include "unit/core/fixture.h"

namespace tw {
namespace {

using test::error_of;

TEST(Epilogue, EmptyChain) {
  const Epilogue chain = Epilogue::parse("");
  EXPECT_TRUE(chain.steps.empty());
  EXPECT_EQ(chain.text(), "");
  EXPECT_EQ(chain.cpp_type(), "tw::epilogue::Chain<>");
}

TEST(Epilogue, TextRoundTrips) {
  const Epilogue chain = Epilogue::parse(" bias_column, clamp( 0,0.5 ) ,scale(-2),relu");
  EXPECT_EQ(chain.text(), "bias_column,clamp(0,0.5),scale(-2),relu");
  EXPECT_EQ(chain.structure(), "bias_column,clamp,scale,relu");
  EXPECT_EQ(chain.cpp_type(),
            "tw::epilogue::Chain<tw::epilogue::BiasColumn, tw::epilogue::Clamp, "
            "tw::epilogue::Scale, tw::epilogue::Relu>");
  EXPECT_EQ(Epilogue::parse(chain.text()).text(), chain.text());
}

TEST(Epilogue, StructureAloneMakesAChain) {
  for (const EpilogueWord& word : epilogue_words()) {
    const Epilogue chain = Epilogue::from_structure(word.name);
    EXPECT_EQ(chain.structure(), word.name);
    EXPECT_EQ(chain.steps.at(0).arguments.size(), word.parameters.size());
    EXPECT_EQ(Epilogue::parse(chain.text()).text(), chain.text());
  }
}

TEST(Epilogue, ErrorsNameTheStep) {
  const auto fault = [](const char* text) { return error_of([&] { Epilogue::parse(text); }); };
  EXPECT_NE(fault("rulu").find("did you mean 'relu'?"), std::string::npos);
  EXPECT_NE(fault("clamp(0)").find("clamp(lo,hi), for example clamp(0,1)"), std::string::npos);
  EXPECT_NE(fault("clamp").find("for example"), std::string::npos);
  EXPECT_NE(fault("relu(1)").find("takes no arguments"), std::string::npos);
  EXPECT_NE(fault("scale(x)").find("'x' is not a finite number"), std::string::npos);
  EXPECT_NE(fault("scale(nan)").find("not a finite number"), std::string::npos);
  EXPECT_NE(fault("scale(2").find("parentheses"), std::string::npos);
  EXPECT_NE(fault("scale)2(").find("parentheses"), std::string::npos);
  EXPECT_NE(fault("scale(2)relu").find("comma"), std::string::npos);
  EXPECT_NE(fault("relu,,relu").find("epilogue step ''"), std::string::npos);
  std::string long_chain = "relu";
  for (int i = 0; i < 32; ++i) long_chain += ",relu";
  EXPECT_NE(fault(long_chain.c_str()).find("at most 32"), std::string::npos);
}

TEST(Epilogue, MayEndInOneReduction) {
  const Epilogue chain = Epilogue::parse("bias_column,logsumexp");
  EXPECT_TRUE(chain.reduced());
  EXPECT_EQ(chain.text(), "bias_column,logsumexp");
  EXPECT_EQ(chain.cpp_type(),
            "tw::epilogue::Reduced<tw::epilogue::Chain<tw::epilogue::BiasColumn>, "
            "tw::epilogue::LogSumExp>");
  EXPECT_FALSE(Epilogue::parse("bias_column").reduced());
  const auto fault = [](const char* text) { return error_of([&] { Epilogue::parse(text); }); };
  EXPECT_NE(fault("max,relu").find("relu follows the reduction max: put max last"),
            std::string::npos);
  EXPECT_NE(fault("max,sum").find("here are max and sum: remove one"), std::string::npos);
}

// Each word is a struct of the same name on the device.
TEST(Epilogue, EveryWordIsInTheKernelsVocabulary) {
  for (const EpilogueWord& word : epilogue_words()) {
    const std::string& source = builtin_sources().at(word.reduces ? "common/epilogue_reductions.cuh"
                                                                  : std::string(epilogue_source));
    EXPECT_NE(source.find("struct " + std::string(word.cpp_type) + " "), std::string::npos)
        << word.name;
  }
}

}  // namespace
}  // namespace tw
